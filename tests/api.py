"""A program that talks to the API in somebody's name."""

import json
from typing import Any

from django.test import Client

from smartagent.models import User


class Program:
    """Sends and reads JSON; addresses are told from /api/ on."""

    def __init__(self, user: User | None, **client: Any) -> None:
        self.client = Client(**client)
        if user:
            self.client.force_login(user)

    def __getattr__(self, method: str) -> Any:
        def send(address: str, body: Any = None, *, status: int = 200, **options: Any) -> Any:
            if body is not None:
                options |= {"data": body if isinstance(body, bytes | str) else json.dumps(body)}
            address = address if address.startswith(("/", "http")) else f"/api/{address}"
            answer = getattr(self.client, method)(address, **{"content_type": "application/json"} | options)
            assert answer.status_code == status, answer.content.decode()
            return answer.json() if answer.content else None

        return send
