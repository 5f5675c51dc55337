"""The labels of choices in the OpenAPI document: each begins with a capital letter, as on the pages."""

import re
from typing import Any

LABEL = re.compile(r"^(\s*\* `[^`\n]*` - )([a-z])", re.MULTILINE)  # as drf-spectacular lists them


def capitalize_labels(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Capitalize the labels in all descriptions of the document."""
    _walk(result)
    return result


def _walk(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(text := node.get("description"), str):
            node["description"] = LABEL.sub(lambda found: found[1] + found[2].upper(), text)
        for each in node.values():
            _walk(each)
    elif isinstance(node, list):
        for each in node:
            _walk(each)
