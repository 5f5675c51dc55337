"""A legacy project: its secret, and the tokens it gives."""

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.test import Client

SECRET = "the secret of a project, as long as its own are"
HOUR = 3600


def token(role: str = "authenticated", sub: object = None, key: Any = SECRET, alg: str = "HS256", **claims: Any) -> str:
    """A token that is good for an hour; a claim of None is left out."""
    said = {"role": role, "sub": str(sub) if sub else None, "exp": int(time.time()) + HOUR} | claims
    headers = said.pop("headers", None)
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, alg, headers=headers)


@pytest.fixture(autouse=True)
def project(settings: Any) -> None:
    settings.LEGACY_JWT_SECRET = SECRET


@pytest.fixture
def call(db: None) -> Callable[..., Any]:
    """Calls `path` below the root with a token and a body; returns what was answered, once the status is right."""

    def call(path: str, bearer: str | None, body: Any = None, status: int = 200, method: str = "post") -> Any:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        given = body if isinstance(body, str | bytes) else json.dumps({} if body is None else body)
        client = Client(raise_request_exception=False)
        answer = client.generic(method.upper(), path, given, content_type="application/json", headers=headers)
        assert answer.status_code == status, answer.content
        assert answer["Access-Control-Allow-Origin"] == "*"
        return answer.json() if answer.content else None

    return call
