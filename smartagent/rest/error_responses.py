"""What the operations of the OpenAPI document answer to errors."""

from typing import Any

from smartagent.rest.problems import PROBLEM_TYPE, Origin, problem

ERROR_RESPONSES = {
    "400": ("BadRequest", "Validation error; messages by field name.",
            {"threshold_value": ["Enter a number, for example 70 or 99.5; without quotes."]}),
    "401": ("NotSignedIn", "No valid token or session.", {"detail": ["Authentication credentials were not provided."]}),
    "403": ("NotAllowed", "Your roles, or the scopes of the token, do not allow this.",
            {"detail": ["Your roles do not allow this. Ask an administrator."]}),
    "404": ("NotFound", "Not found, or no access.",
            {"detail": ["Not found, or you do not have access."]}),
    "405": ("NoSuchMethod", "Method not allowed.", {"detail": ['Method "PUT" not allowed.']}),
    "406": ("NotAcceptable", "Responses are JSON; the Accept header excludes it.",
            {"detail": ["Could not satisfy the request Accept header."]}),
    "409": ("Conflict", "Conflict with another operation.",
            {"detail": ["Another evaluation is running. Try again in a moment."]}),
    "412": ("Changed", "Somebody else has changed it since: its ETag is not that of If-Match.",
            {"detail": ["Somebody else has changed this since you read it. Read it again, and apply your change to "
                        "that."]}),
    "413": ("TooLarge", "The body is too large.", {"detail": ["The body is too large. Send it in several requests."]}),
    "415": ("UnknownMediaType", "Unsupported media type.",
            {"detail": ['Unsupported media type "text/csv" in request.']}),
    "422": ("KeyReused", "The Idempotency-Key was used with another request.",
            {"detail": ["This Idempotency-Key was used with another request. Use a new key."]}),
    "429": ("TooMany", "Too many requests; see Retry-After.",
            {"detail": ["Request was throttled."]}),
    "500": ("OurFault", "Server error.",
            {"detail": ["Server error. The error was logged; try again later."]}),
    "503": ("Incomplete", "The database does not answer (see Retry-After), or its schema is incomplete: the response "
            "names the missing part and its repair.",
            {"detail": ["The column status of the table notifications is missing in the database. …"]}),
}  # fmt: skip
TOO_MANY = 429
RATE_HEADERS = {
    name: {"description": text, "schema": schema}
    for name, text, schema in (
        ("Retry-After", "Seconds until the next request is answered.", {"type": "integer"}),
        ("RateLimit-Policy", "The limits: so many requests `q` in `w` seconds.", {"type": "string"}),
        ("RateLimit", "What is left of each limit: `r` requests for the next `t` seconds.", {"type": "string"}),
    )
}
COMMON_STATUSES = ("400", "401", "403", "405", "406", "429", "500", "503")
WITH_BODY = ("413", "415")
OWN_ERRORS = "x-own-errors"  # marks an operation that describes its errors itself
ERROR_SCHEMA = {
    "type": "object",
    "description": "Errors by field; errors of no field under `detail`.",
    "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    "minProperties": 1,
}

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Errors as problem details (RFC 9457), where `Accept` lists them.",
    "required": ["type", "title", "status", "detail", "instance", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The documentation of this type of problem."},
        "title": {"type": "string", "description": "The same for all problems of a type."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "All errors in one text."},
        "instance": {"type": "string", "format": "uri-reference", "description": "Path of the request."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string", "description": "JSON pointer into the body: `#/settings/url`."},
                    "parameter": {"type": "string", "description": "Name of a query parameter."},
                    "header": {"type": "string", "description": "Name of a header."},
                },
            },
        },
    },
}
EXAMPLE_ORIGIN = Origin("/api/rules/", True, frozenset(), frozenset())


def described_answers() -> dict[str, Any]:
    """The answers to errors by name, as components of the document."""
    return {name: _answer(int(status), text, example) for status, (name, text, example) in ERROR_RESPONSES.items()}


def add_errors(path: str, operation: dict[str, Any]) -> None:
    """Add the answers that every operation of this kind may give."""
    codes = [*COMMON_STATUSES, *(WITH_BODY if "requestBody" in operation else ()), *(("404",) if "{" in path else ())]
    declared = [code for code in ("404", "409", "412", "422") if code in operation["responses"]]
    for code in sorted({*codes, *declared}):
        operation["responses"][code] = {"$ref": f"#/components/responses/{ERROR_RESPONSES[code][0]}"}


def _answer(status: int, text: str, example: dict[str, list[str]]) -> dict[str, Any]:
    schema, example_problem = {"$ref": "#/components/schemas/Error"}, problem(status, example, EXAMPLE_ORIGIN)
    content = {
        "application/json": {"schema": schema, "example": example},
        PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example_problem},
    }
    return {"description": text, "content": content} | ({"headers": RATE_HEADERS} if status == TOO_MANY else {})
