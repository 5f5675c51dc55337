"""Examples of the OpenAPI document: requests and answers that the tests have recorded.

`tests/smartagent/rest/test_examples.py` makes each request, and compares the answer with the recorded one.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("examples.json")
METHODS = ("get", "post", "put", "patch", "delete")


@cache
def recorded() -> dict[str, dict[str, Any]]:
    """The recorded `request` and `response` of each operation, by its id."""
    found: dict[str, dict[str, Any]] = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    return found


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the recorded examples to requests and answers that have none."""
    for path in result["paths"].values():
        for method in METHODS:
            if example := recorded().get(path.get(method, {}).get("operationId", "")):
                for name, content in contents_of(path[method]).items():
                    if name in example and not content.keys() & {"example", "examples"}:
                        content["example"] = example[name]
    return result


def contents_of(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The `request` and the successful `response` of an operation, where they have a body."""
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    bodies = {"request": operation.get("requestBody", {}), "response": answers[0] if answers else {}}
    return {name: next(iter(body["content"].values())) for name, body in bodies.items() if body.get("content")}
