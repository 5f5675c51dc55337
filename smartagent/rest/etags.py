"""Conditional requests (RFC 9110, 8.8.3 and 13): the ETag of an object is the version of what can be edited of it.

A change with If-Match is made only where nobody has edited the object since; a read with If-None-Match answers 304
where it is still the same. What evaluations and deliveries count does not change an ETag.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, ClassVar

from django.db import transaction
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.kernel.row_version import row_version

IF_MATCH, IF_NONE_MATCH = "If-Match", "If-None-Match"


class Changed(exceptions.APIException):
    """Somebody else has changed this since you read it. Read it again, and apply your change to that."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = __doc__
    default_code = "changed"


class VersionedMixin:
    """A mixin for views of objects that are edited. `sealed_columns`: columns with secrets, which are not represented
    but edited."""

    sealed_columns: ClassVar[tuple[str, ...]] = ()

    def version_of(self, thing: Any) -> str:
        """32 hexadecimal digits that stay the same while nobody edits `thing`."""
        view: Any = self
        serializer = view.get_serializer_class()(thing, context=view.get_serializer_context())
        fields = {name for name, field in serializer.fields.items() if not field.read_only}
        edited = {name: value for name, value in serializer.data.items() if name in fields}
        sealed = [getattr(thing, name) for name in self.sealed_columns]
        return sha256(json.dumps([edited, sealed], sort_keys=True, default=str).encode()).hexdigest()[:32]

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        view: Any = self
        thing = view.get_object()
        tag = self._tag(thing)
        if tag in _tags_in(request, IF_NONE_MATCH):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return Response(view.get_serializer(thing).data, headers={"ETag": tag})

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().create(request, *args, **kwargs)  # type: ignore[misc]
        if response.status_code == status.HTTP_201_CREATED:
            response["ETag"] = self._tag(self._named(response.data["id"]))
        return response

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            self._refuse_changed(request)
            response: Response = super().update(request, *args, **kwargs)  # type: ignore[misc]
        response["ETag"] = self._tag(self._named(response.data["id"]))
        return response

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with transaction.atomic():
            self._refuse_changed(request)
            response: Response = super().destroy(request, *args, **kwargs)  # type: ignore[misc]
        return response

    def _refuse_changed(self, request: Request) -> None:
        """Lock the object, and raise Changed where its ETag is none of If-Match."""
        tags = _tags_in(request, IF_MATCH)
        if not tags:
            return
        view: Any = self
        thing = view.get_object()
        type(thing)._base_manager.select_for_update().filter(pk=thing.pk).first()
        if "*" not in tags and self._tag(view.get_object()) not in tags:
            raise Changed

    def _named(self, key: str) -> Any:
        view: Any = self
        return view.get_queryset().model._base_manager.get(pk=key)

    def _tag(self, thing: Any) -> str:
        return f'"{self.version_of(thing)}"'


class VersionedThingMixin:
    """A mixin for views of one thing that is edited, without a list. `versioned`: its fields that are edited."""

    versioned: ClassVar[tuple[str, ...]]

    def stored(self, request: Request, *, lock: bool) -> Any:
        """Return the thing; with `lock`, nobody else changes it until the transaction ends."""
        raise NotImplementedError

    def read(self, request: Request, answer: Callable[[], Response]) -> Response:
        """Return the answer with its ETag; 304 where If-None-Match has that."""
        tag = self._tag(request, lock=False)
        if tag in _tags_in(request, IF_NONE_MATCH):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return self._tagged(answer(), tag)

    def edit(self, request: Request, change: Callable[[], object], answer: Callable[[], Response]) -> Response:
        """Change the thing, and return the answer with its new ETag; Changed where its ETag is none of If-Match."""
        with transaction.atomic():
            tags = _tags_in(request, IF_MATCH)
            if tags and "*" not in tags and self._tag(request, lock=True) not in tags:
                raise Changed
            change()
            return self._tagged(answer(), self._tag(request, lock=False))

    def _tag(self, request: Request, *, lock: bool) -> str:
        return f'"{row_version(self.stored(request, lock=lock), self.versioned)}"'

    def _tagged(self, response: Response, tag: str) -> Response:
        response["ETag"] = tag
        return response


def _tags_in(request: Request, header: str) -> set[str]:
    """The ETags of a header. A compressed response has a weak one of the same version."""
    return {each.strip().removeprefix("W/") for each in request.headers.get(header, "").split(",")} - {""}
