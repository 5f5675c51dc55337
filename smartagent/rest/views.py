"""Views of owned objects: what a person may not see or change is 404."""

from functools import cached_property, partial
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
from smartagent.rest.relations import EXPAND, FIELDS, RelatedObjects, chosen
from smartagent.rest.rows import RowMixin

# For objects of which only a part is changed at a time.
WITHOUT_PUT = ["get", "head", "options", "post", "patch", "delete"]


class StrictView(APIView):
    """Refuses query parameters other than `parameters`, and runs a POST with an Idempotency-Key once.

    `scope`: what a token needs for other than safe methods; `read_scope`: for these.
    """

    needs: str | None = None
    scope: TokenScope | None = None
    read_scope = TokenScope.READ
    any_scope = False  # True: a token needs no particular scope
    parameters: tuple[str, ...] = ()
    commits_in_steps = False  # True: its POST uses the network, or commits before it ends

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in self.allowed_methods and not self.lists(request):  # there the filters do it
            refuse_unknown(request, self.known_parameters())
        if request.method == "POST" and request.method in self.allowed_methods:
            view: Any = self
            handler = view.post
            view.post = lambda *given, **named: run_once(view, request, partial(handler, *given, **named))

    def lists(self, request: Request) -> bool:
        """Whether the request returns a list, whose parameters the filters check."""
        return False

    def known_parameters(self) -> list[str]:
        """The query parameters beside filters and those of pages."""
        return list(self.parameters)


class OwnedView(StrictView, generics.GenericAPIView[Any]):
    """The base of views of owned objects. Rows of lists and single ones are shown as `fields` and `expand` say."""

    ordering_fields: tuple[str, ...] = ()

    def lists(self, request: Request) -> bool:
        return request.method in SAFE_METHODS

    def get_queryset(self) -> QuerySet[Any]:
        queryset: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):  # the description is made without a person
            return queryset  # type: ignore[no-any-return]
        user, reads = self.request.user, self.request.method in SAFE_METHODS
        return queryset.visible_to(user) if reads else queryset.changeable_by(user)  # type: ignore[no-any-return]

    @property
    def row_class(self) -> type[RowMixin] | None:
        """The serializer of what is shown, where the request may say how."""
        shows = getattr(self, "action", "") in ("list", "retrieve")
        found = self.get_serializer_class() if shows else None
        return found if found and issubclass(found, RowMixin) else None

    def known_parameters(self) -> list[str]:
        return [*super().known_parameters(), *((FIELDS, EXPAND) if self.row_class else ())]

    @cached_property
    def related(self) -> RelatedObjects:
        """The names and objects that the rows of this response refer to."""
        return RelatedObjects(self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        row = self.row_class
        if getattr(self, "swagger_fake_view", False):
            return context
        expand = chosen(self.request, EXPAND, row.relations()) if row else None
        return context | {"related": self.related, "expand": expand or []}

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        serializer = super().get_serializer(*args, **kwargs)
        return serializer if getattr(self, "swagger_fake_view", False) else self.choose_fields(serializer)

    def choose_fields(self, serializer: Any) -> Any:
        """The serializer with those of its fields only that the request asks for."""
        row = getattr(serializer, "child", serializer)
        if self.row_class and isinstance(row, RowMixin):
            row.choose(chosen(self.request, FIELDS, list(row.fields)))
        return serializer

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        if page and (row := self.row_class):
            expand = chosen(self.request, EXPAND, row.relations()) or []
            names = self.request.query_params.get(FIELDS, "").split(",")
            shown = {
                name: relation for name, relation in row.relations().items()
                if names == [""] or name in expand or f"{name}_name" in names
            }  # fmt: skip
            self.related.load(shown, page, expand)
        return page


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
