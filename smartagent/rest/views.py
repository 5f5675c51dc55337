"""Views of owned objects: what a person may not see or change is 404."""

from functools import partial
from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import generics, mixins, viewsets
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView

from smartagent.kernel.token_scopes import TokenScope
from smartagent.rest.etags import VersionedMixin
from smartagent.rest.filters import refuse_unknown
from smartagent.rest.idempotency import run_once


class StrictView(APIView):
    """Refuses query parameters other than `parameters`, and runs a POST with an Idempotency-Key once.

    `scope`: what a token needs for other than safe methods.
    """

    needs: str | None = None
    scope: TokenScope | None = None
    parameters: tuple[str, ...] = ()
    commits_in_steps = False  # True: its POST uses the network, or commits before it ends

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in self.allowed_methods and not self.lists(request):  # there the filters do it
            refuse_unknown(request, list(self.parameters))
        if request.method == "POST" and request.method in self.allowed_methods:
            view: Any = self
            handler = view.post
            view.post = lambda *given, **named: run_once(view, request, partial(handler, *given, **named))

    def lists(self, request: Request) -> bool:
        """Whether the request returns a list, whose parameters the filters check."""
        return False


class OwnedView(StrictView, generics.GenericAPIView[Any]):
    """The base of views of owned objects."""

    ordering_fields: tuple[str, ...] = ()

    def lists(self, request: Request) -> bool:
        return request.method in SAFE_METHODS

    def get_queryset(self) -> QuerySet[Any]:
        queryset: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):  # the description is made without a person
            return queryset  # type: ignore[no-any-return]
        user, reads = self.request.user, self.request.method in SAFE_METHODS
        return queryset.visible_to(user) if reads else queryset.changeable_by(user)  # type: ignore[no-any-return]


class ReadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, OwnedView, viewsets.GenericViewSet[Any]):
    """List and detail."""

    lookup_value_converter = "uuid"

    def lists(self, request: Request) -> bool:
        return self.action == "list"

    def again(self, changed: Model) -> dict[str, Any]:
        """Return the current row, as the response to a change."""
        return dict(self.get_serializer(self.get_queryset().get(pk=changed.pk)).data)


class WriteViewSet(
    VersionedMixin, mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, ReadViewSet
):
    """List, detail, create, update and delete."""
