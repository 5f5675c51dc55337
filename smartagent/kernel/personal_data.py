"""Texts without what is personal or secret: what goes to others to find an error."""

import re
from typing import Any

MASK, SECRETS = "…", "password|secret|token|api_?key|dsn"
PERSONAL = (
    (re.compile(r"(https?://)(?:[^\s/@'\"]*@)?([^\s/?#'\"]+)[^\s'\"]*"), rf"\1\2/{MASK}"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), MASK),
    (re.compile(r"\b(?:sa_|eyJ)[\w.-]{8,}"), MASK),
    (re.compile(r"(?i)\b((?:Bearer|Basic|Token)\s+)[\w.~+/=-]+"), rf"\1{MASK}"),
    (re.compile(rf"(?i)\b([\w-]*(?:{SECRETS})[\w-]*['\"]?\s*[=:]\s*)['\"]?[^\s'\",)}}]+"), rf"\1{MASK}"),
)  # fmt: skip


def without_personal(value: Any) -> Any:
    """The texts of an object of JSON without e-mail addresses, tokens, passwords and the paths of addresses."""
    if isinstance(value, str):
        for pattern, replacement in PERSONAL:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {name: without_personal(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [without_personal(each) for each in value]
    return value
