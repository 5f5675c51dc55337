"""The text fields of the API, as its description has them: of bodies, and of addresses."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from smartagent.bench.hostile.places import FORM_TYPE, JSON_TYPE, Place
from smartagent.rest.examples import METHODS, contents_of

PART = "API"
# Fields that name an object, by the word of its kind.
NAMED = {"rule": "rules", "rules": "rules", "source": "data-sources", "channel": "channels", "group": "groups"}
OTHER_ID, NOWHERE = re.compile(r"\{\w+\}"), str(UUID(int=0))
PERSON = ("user", "person", "owner")


def places_of_api(description: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[Place]:
    """Each text field of each operation; what is asked for and named are the `known` things."""
    for path, operations in description["paths"].items():
        address = path if path.startswith("/api") else f"/api{path}"
        word = address.split("/")[2]
        address = OTHER_ID.sub(NOWHERE, address.replace("{id}", known.get(word, NOWHERE)).replace("{name}", "cpu"))
        for method in METHODS:
            if operation := operations.get(method):
                yield from _of_address(operation, method, address)
                yield from _of_body(operation, method, address, {**known, "ids": known.get(word, "")}, description)


def _of_address(operation: Mapping[str, Any], method: str, address: str) -> Iterator[Place]:
    names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query" and _is_text(one["schema"])]
    if method == "get" and names:
        yield Place(part=PART, method=method, address=address, content_type=FORM_TYPE, names=names)


def _of_body(
    operation: Mapping[str, Any], method: str, address: str, known: Mapping[str, str], description: Mapping[str, Any]
) -> Iterator[Place]:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if media_type != JSON_TYPE:
            yield Place(part=PART, method=method, address=address, content_type=media_type)
            continue
        schema = _resolved(content["schema"], description)
        sent = _sound(_example(operation, schema), known)
        paths = [each for each in _texts(sent) if each]
        if isinstance(sent, dict):
            named = [[name] for name, one in schema.get("properties", {}).items() if _takes_text(one, description)]
            paths += [each for each in named if each not in paths]
        for path in paths:
            yield Place(part=PART, method=method, address=address, content_type=media_type, path=path, sent=sent)


def _example(operation: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    content = contents_of(dict(operation)).get("request", {})
    examples = [each["value"] for each in content.get("examples", {}).values()]
    return examples[0] if examples else content.get("example", [] if schema.get("type") == "array" else {})


def _sound(value: Any, known: Mapping[str, str], key: str = "") -> Any:
    """The example with ids and people who are there."""
    if isinstance(value, dict):
        return {name: _sound(each, known, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_sound(each, known, key) for each in value]
    if not isinstance(value, str):
        return value
    if key in PERSON:
        return known["somebody"]
    return known.get(NAMED.get(key, key), value) if key in NAMED or key == "ids" else value


def _texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[list[str | int]]:
    if isinstance(value, str):
        yield list(path)
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _texts(each, (*path, key))


def _takes_text(schema: Mapping[str, Any], description: Mapping[str, Any]) -> bool:
    found = _resolved(schema, description)
    return not found.get("readOnly") and _is_text(found)


def _is_text(schema: Mapping[str, Any]) -> bool:
    """Whether it is one that a person types: no choice, no id."""
    types = schema.get("type", ())
    return "string" in ([types] if isinstance(types, str) else types) and not {"enum", "const"} & schema.keys()


def _resolved(schema: Mapping[str, Any], description: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
