"""Descriptions of operations whose errors have the format of another protocol."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from smartagent.rest.error_responses import ERROR_RESPONSES, OWN_ERRORS

HAS_OWN_ERRORS = {OWN_ERRORS: True}  # as the extensions of an operation


def own_errors(
    media_type: str, schema: dict[str, Any], example: Any, statuses: Iterable[int]
) -> dict[tuple[int, str], OpenApiResponse]:
    """The responses of these statuses, each with a body of `schema`, like `example`."""
    examples = [OpenApiExample("Error", value=example, response_only=True)]
    return {
        (status, media_type): OpenApiResponse(
            schema, description=ERROR_RESPONSES[str(status)][1], examples=examples if status == 400 else None
        )
        for status in statuses
    }
