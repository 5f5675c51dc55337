"""What shows that a hostile input was executed, and not only stored, shown or refused."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from smartagent.bench.hostile.inputs import FACTOR, MADE, SECRET, SQL_SETTING

PRODUCT = str(FACTOR * FACTOR)
LIVE = ("on", "x-", "@", ":", "hx-")  # beginnings of attributes that are run
LINKS = ("href", "src", "action", "formaction")
AS_DATA = ("application/json", "application/ld+json")
OWN_HOSTS = ("", "testserver")


class Watch(HTMLParser):
    """Collects what of a page would run a hostile text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.is_script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.is_script = tag == "script" and given.get("type") not in AS_DATA
        live = [f"{name}={value}" for name, value in given.items() if name.startswith(LIVE) and "hostile" in value]
        links = [given[name] for name in LINKS if given.get(name, "").strip().lower().startswith("javascript:")]
        made = [tag] if given.get("src") == "hostile" else []
        self.found += [f"<{tag}> {each[:200]}" for each in (*live, *links, *made)]

    def handle_data(self, data: str) -> None:
        if self.is_script and "hostile" in data:
            self.found.append(f"<script> {data[:200]}")


def make_secret(folder: Path) -> None:
    """Write the file that nobody may read."""
    (folder / "secret.txt").write_text(SECRET)


def executed(answer: Any, content: bytes, folder: Path) -> list[str]:
    """The signs in an answer, the connection to the database and the folder."""
    return list(_signs(answer, content, folder))


def _signs(answer: Any, content: bytes, folder: Path) -> Iterator[str]:
    text = content.decode(errors="replace")
    if SECRET in text or "root:x:0:0" in text:
        yield "path: a file was read"
    if (folder / MADE).exists():
        (folder / MADE).unlink()
        yield "command: a file was made"
    if PRODUCT in text:
        yield "template: a product was computed"
    if "X-Hostile" in answer.headers or "Bcc" in answer.headers:
        yield "header: one was added"
    if urlsplit(answer.headers.get("Location", "").replace("\\", "/")).netloc not in OWN_HOSTS:
        yield f"redirect: to {answer.headers['Location'][:100]}"
    if "html" in answer.headers.get("Content-Type", ""):
        yield from (f"script: {each}" for each in Watch(text).found)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [SQL_SETTING])
        if cursor.fetchone()[0]:
            yield "SQL: a function was called"
            cursor.execute("SELECT set_config(%s, '', false)", [SQL_SETTING])
