"""The checks of schemathesis that do not apply to a case: where they would find what is no mistake of the API."""

import json
from collections.abc import Iterator
from typing import Any

from schemathesis import Case
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

from smartagent.bench.api.refusals import unexplained

REFUSED = (400, 412, 422)


def excluded_checks(case: Case[Any], response: Response) -> list[Any]:
    """The checks to leave out. Whether what is allowed is taken is asked everywhere, except where it is refused for
    what no description can say (`refusals`)."""
    return list(_excluded(case, response))


def _excluded(case: Case[Any], response: Response) -> Iterator[Any]:
    if response.status_code in REFUSED and not unexplained(case.operation.label, said(response)):
        yield checks.positive_data_acceptance
    # In an address a list of one is a text; and whatever else is wrong with it, another version is refused first.
    # White space around a text is taken off before its characters are counted.
    if _has_text_for_list(case) or response.status_code == 412 or _has_white_space(case):
        yield checks.negative_data_rejection
    # Fewer fields are asked for than the schema of a whole row requires.
    if "fields" in (case.query or {}):
        yield checks.response_schema_conformance


def said(response: Response) -> object:
    """The body of the response, as JSON where it is that."""
    is_json = response.headers["content-type"][0].startswith("application/json")
    return json.loads(response.content) if is_json else response.text


def _has_text_for_list(case: Case[Any]) -> bool:
    lists = [one.name for one in case.operation.query if one.definition.get("schema", {}).get("type") == "array"]
    return any(isinstance((case.query or {}).get(name), str) for name in lists)


def _has_white_space(case: Case[Any]) -> bool:
    """Whether a text is too long, of which something is taken off."""
    description = case.meta.phase.data.description if case.meta else ""
    return "maxLength" in (description or "") and any(text != text.strip() for text in _texts(case.body))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _texts(part)
