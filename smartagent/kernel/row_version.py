"""The version of a row: what somebody had seen who changes it, by form or by program."""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any


def row_version(row: Any, names: Iterable[str]) -> str:
    """Return 32 hexadecimal digits that stay the same while the fields `names` of `row` do."""
    content = {name: _value(row, name) for name in names}
    return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _value(row: Any, name: str) -> Any:
    field = row._meta.get_field(name)
    return sorted(each.pk for each in getattr(row, name).all()) if field.many_to_many else getattr(row, field.attname)
