"""The answer to a request of a program at an address that is none."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@extend_schema(exclude=True)
class NowhereView(APIView):
    """Answers for every address that is none."""

    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        slash = "" if request.path.endswith("/") else " Addresses end with a slash."
        raise NotFound(f"No endpoint at {request.path[:200]}.{slash} /api/docs/ lists all endpoints.")

    def get(self, request: Request) -> Response:
        """Never reached, whatever the method: `initial` has answered."""
        return self.http_method_not_allowed(request)
