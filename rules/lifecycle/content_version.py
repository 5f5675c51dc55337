"""The version of a rule's content: what somebody had seen who saves it, by form or by program."""

import json
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from rules.authoring.fields import WRITTEN
from rules.models import AutomationRule


def content_version(rule: AutomationRule) -> str:
    """Return 32 hexadecimal digits that stay the same while all written fields do; what evaluations count does not
    change them."""
    content = {field.name: _plain(getattr(rule, field.column.attname)) for field in WRITTEN}
    return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _plain(value: Any) -> Any:
    """The value in one way of writing: 70 and 70.00 are the same."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
        return f"{Decimal(str(value)).normalize():f}"
    return value
