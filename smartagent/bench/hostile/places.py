"""A text field: where a hostile input is put, and what is sent around it."""

import copy
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

FORM_TYPE, JSON_TYPE = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A field of a JSON body at `path`; a body that is a text as a whole, without a path; or fields of a form or of an
    address, by their `names`: `sent` has lists of texts by name. A filter is no worse for the others beside it, so
    those of one address are sent together."""

    part: str
    method: str
    address: str
    content_type: str
    path: list[str | int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sent: Any = field(default_factory=dict)
    nobody: bool = False  # whether it is sent without a sign-in

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.address} {', '.join(self.names) or '.'.join(map(str, self.path))}"

    @property
    def fields(self) -> int:
        """How many fields it is."""
        return max(1, len(self.names))

    def request(self, value: Any) -> tuple[str, bytes]:
        """The address and the body with `value` at the place."""
        if self.content_type == FORM_TYPE:
            text = value if isinstance(value, str) else json.dumps(value)
            fields = urlencode([(name, each.encode(errors="surrogatepass")) for name, each in self._form(text)])
            if self.method == "get":
                return f"{self.address.partition('?')[0]}?{fields}", b""
            return self.address, fields.encode()
        if not self.path:
            return self.address, str(value).encode(errors="surrogatepass")
        return self.address, json.dumps(exchanged(self.sent, self.path, value)).encode()

    def _form(self, text: str) -> list[tuple[str, str]]:
        fields = {**self.sent, **{name: [text] for name in self.names}}
        return [(name, each) for name, values in fields.items() for each in values]


def exchanged(value: Any, path: list[str | int], new: Any) -> Any:
    """`value` with `new` at `path`."""
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed
