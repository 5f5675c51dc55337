"""What a page offers: where its links lead, what its buttons send, and what of it a browser refuses."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

BUTTONS = ("submit", "image")
NO_TEXT = ("file", "button", "reset", "hidden", "checkbox", "radio", "color", "range", *BUTTONS)


@dataclass
class Form:
    """A form of a page with the fields as they stand in it; `buttons` are (address, name, value), `texts` the names of
    fields that one types into."""

    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """The links and forms of the page at `address`; `broken` are links within the page that lead nowhere.

    `inline` is what a Content-Security-Policy with this `nonce` refuses to run or to apply.
    """

    def __init__(self, address: str, html: str, nonce: str = "") -> None:
        super().__init__()
        self.nonce, self.address = nonce, address
        self.inline: list[str] = []
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.ids: set[str] = set()
        self.form: Form | None = None
        self.by_id: dict[str, Form] = {}
        self.select: str | None = None
        self.text: str | None = None
        self.feed(html)

    @property
    def broken(self) -> list[str]:
        own = [link for link in self.links if link.startswith("#")]
        return [link for link in own if link not in ("#", "#top") and link[1:] not in self.ids]

    def addresses(self) -> list[str]:
        """The links of this installation, without their places in a page."""
        found = []
        for link in self.links:
            whole = urlsplit(urljoin(f"http://testserver{self.address}", link))
            if whole.netloc == "testserver" and whole.scheme == "http" and not link.startswith("#"):
                found.append(whole.path + (f"?{whole.query}" if whole.query else ""))
        return found

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inline(tag, given)
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self.links += [value for name, value in given.items() if name in ("data-panel", "hx-get") and value]
        if tag == "form":
            self.form = Form(given.get("method", "get").lower(), given.get("action", ""))
            self.forms.append(self.form)
            self.by_id[given.get("id", "")] = self.form
        form = self.by_id.get(given["form"]) if "form" in given else self.form
        if form is not None and "disabled" not in given:
            self._field(form, tag, given)

    def _inline(self, tag: str, given: dict[str, str]) -> None:
        is_code = tag == "style" or (tag == "script" and "src" not in given and "json" not in given.get("type", ""))
        if is_code and (not self.nonce or given.get("nonce") != self.nonce):
            self.inline.append(f"<{tag} id={given.get('id')}> without the nonce")
        self.inline += [f"<{tag} {name}=...>" for name in given if name == "style" or name.startswith("on")]
        self.inline += [f"<{tag} {value}>" for value in given.values() if value.startswith("javascript:")]

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind, value = given.get("name", ""), given.get("type", ""), given.get("value", "")
        form.texts += [name] if name and _is_typed(tag, kind) else []
        if tag == "button" or (tag == "input" and kind in BUTTONS):
            if kind in ("", *BUTTONS):
                form.buttons.append((given.get("formaction", form.action), name, value))
        elif tag == "input" and name and kind not in ("file", "button", "reset"):
            if kind not in ("checkbox", "radio") or "checked" in given:
                form.fields.setdefault(name, []).append(value or ("on" if kind == "checkbox" else ""))
            elif kind == "checkbox":
                form.options.setdefault(name, []).append(value or "on")
        elif tag == "select" and name:
            self.select = name
        elif tag == "option" and self.select:
            form.options.setdefault(self.select, []).append(value)
            if "selected" in given:
                form.fields.setdefault(self.select, []).append(value)
        elif tag == "textarea" and name:
            self.text = name
            form.fields[name] = [""]

    def handle_data(self, data: str) -> None:
        if self.text and self.form:
            self.form.fields[self.text] = [self.form.fields[self.text][0] + data]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            if self.select and self.form and self.select not in self.form.fields:
                self.form.fields[self.select] = self.form.options.get(self.select, [])[:1]
            self.select = None
        elif tag == "textarea":
            self.text = None


def _is_typed(tag: str, kind: str) -> bool:
    return tag == "textarea" or (tag == "input" and kind not in NO_TEXT)
