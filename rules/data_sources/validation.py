"""Validation of data sources and metric queries, the same for pages and REST: errors by field."""

import re
from collections.abc import Iterator, Mapping

from rules.data_sources.connections import HEADER_NAME, RESERVED_HEADERS, SourceSecrets
from rules.data_sources.watched import watching
from rules.engine.series_labels import LABEL_NAME
from rules.ingest.samples import METRIC_NAME, METRIC_NAME_HELP
from rules.models import DataSource, MetricQuery, MetricSeries
from rules.registries import metrics
from smartagent.outbound.client import check_url
from smartagent.outbound.errors import AddressRefused

MAX_HEADERS, MAX_SECRET, MAX_EXPRESSION = 20, 8000, 10_000  # headers; characters
SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")  # of a header's value
API_PATH = re.compile(r"/api/v1(/.*)?$")
ENTER_AGAIN_ELSEWHERE = "The address has changed, so enter the secret again: it goes to another server."
Errors = dict[str, list[str]]


def source_errors(source: DataSource, secrets: SourceSecrets) -> Errors:
    """What is wrong with `source`, about to be saved with these secrets, by field; empty where nothing is."""
    return {name: [problem] for name, problem in _source_problems(source, secrets) if problem}


def query_errors(query: MetricQuery) -> Errors:
    """What is wrong with `query`, about to be saved, by field; empty where nothing is."""
    before = MetricQuery.objects.filter(pk=query.pk).values_list("name", flat=True).first()
    problems = {"expression": expression_problem(query.expression)}
    if query.name != before:
        problems["name"] = _name_problem(query.name) or (_renaming_problem(before) if before else "")
    return {name: [problem] for name, problem in problems.items() if problem}


def address_problem(address: str) -> str:
    """Why `address` is no address of a source; empty where it is one."""
    try:
        found = check_url(address)
    except AddressRefused as error:
        return str(error).replace("use a header", "choose an authentication below").replace("/hook", "")
    if found.query or found.fragment or "?" in address or "#" in address:
        return "An address has no ? and no #. Enter where /api/v1/query is, for example https://mimir.example.com."
    if path := API_PATH.search(found.path):
        return f"Enter the address without {path[0][:60]}, which is added to it."
    return ""


def headers_problem(headers: Mapping[str, str]) -> str:
    """What is wrong with the headers; empty where nothing is."""
    if len(headers) > MAX_HEADERS:
        return f"At most {MAX_HEADERS} headers; these are {len(headers):,}."
    lower = [name.lower() for name in headers]
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            return f"“{name[:40]}” is not the name of a header. Example: X-Scope-OrgID."
        if name.lower() in RESERVED_HEADERS:
            return f"The header {name} cannot be set: authentication and request set it."
        if lower.count(name.lower()) > 1:
            return f"The header {name} is there twice."
        if problem := _unsendable(value):
            return f"The value of the header {name} {problem}"
    return ""


def expression_problem(expression: str) -> str:
    """What is wrong with the text of a query; empty where it can be asked."""
    if not expression.strip():
        return "Enter a query in PromQL, for example rate(http_requests_total[5m])."
    if len(expression) > MAX_EXPRESSION:
        return f"At most {MAX_EXPRESSION:,} characters; this query has {len(expression):,}."
    return ""


def _source_problems(source: DataSource, secrets: SourceSecrets) -> Iterator[tuple[str, str]]:
    yield "address", address_problem(source.address)
    yield "headers", headers_problem(secrets.headers)
    yield "username", "A user name cannot contain a colon." if ":" in source.username else ""
    if source.person_label and not LABEL_NAME.fullmatch(source.person_label):
        yield "person_label", "A label name starts with a letter or _ and contains only letters, digits and _."
    if source.authentication == DataSource.Authentication.BASIC:
        yield "username", "" if source.username else "Enter the user name."
        yield "password", "" if secrets.password else "Enter the password."
    if source.authentication == DataSource.Authentication.BEARER:
        yield "token", _token_problem(secrets.token)


def _token_problem(token: str) -> str:
    if not token:
        return "Enter the token."
    problem = _unsendable(token)
    return f"The token {problem}" if problem else ""


def _unsendable(value: str) -> str:
    if not value:
        return "is empty."
    if len(value) > MAX_SECRET:
        return f"has {len(value):,} characters; at most {MAX_SECRET:,} are sent."
    return "" if SENDABLE.fullmatch(value) else "contains characters that cannot be sent in a header."


def _name_problem(name: str) -> str:
    if name in metrics:
        return f"{name} is a built-in metric. Choose another name."
    if not METRIC_NAME.fullmatch(name):
        return METRIC_NAME_HELP
    if MetricSeries.objects.filter(metric=name).exists():
        return f"Samples of {name} are pushed, so rules could not tell it from the query. Choose another name."
    return ""


def _renaming_problem(before: str) -> str:
    count = watching([before]).count()
    if not count:
        return ""
    rules = "1 rule watches" if count == 1 else f"{count:,} rules watch"
    return f"{rules} this metric by its name {before}, so it cannot be changed."
