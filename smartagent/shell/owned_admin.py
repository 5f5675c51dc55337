"""The base class of all admin pages: it shows and changes only what the person may see and change."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, NoReturn

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from smartagent.shell.chosen_keys import ChosenKeys

Page = Callable[..., HttpResponseBase]  # takes the request, the admin class, and what its route names


def _with_admin(view: Page, model_admin: Any, request: HttpRequest, **named: Any) -> HttpResponseBase:
    return view(request, model_admin, **named)


class OwnedAdmin(ChosenKeys, ModelAdmin):  # type: ignore[misc]
    """An admin page of owned objects, limited to those the person may see and change."""

    list_title: ClassVar[str] = ""  # where it is not the plural of what the list holds
    show_full_result_count = False
    list_per_page = 50
    pages: ClassVar[Mapping[str, tuple[Page, str]]] = {}  # beside the admin's own: route, view and the end of its name

    @property
    def title(self) -> str:
        """The title of the list."""
        return self.list_title or capfirst(self.opts.verbose_name_plural)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[no-any-return]

    def find(self, request: HttpRequest, key: Any, *related: str) -> Any:
        """Return the object with this key and its `related` objects; 404 unless the person may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        with suppress(ValidationError):  # the key is no id
            found = self.get_queryset(request).select_related(*related or (None,)).filter(pk=key).first()
            if found is not None:
                return found
        raise Http404(f"There is no such {self.opts.verbose_name}.")

    def show(self, request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
        """Render a page in the shell; `context` needs at least a title."""
        request.current_app = self.admin_site.name
        shell = self.admin_site.each_context(request) | {"opts": self.opts, "list_title": self.list_title}
        return TemplateResponse(request, template, shell | dict(context))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._reaches(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._reaches(request, obj)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(route, self.admin_site.admin_view(partial(_with_admin, view, self)), name=f"{name}_{word}")
            for route, (view, word) in self.pages.items()
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"title": self.title} | (extra_context or {}))

    def response_action(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Run a bulk action on those of the selected objects that the person may change."""
        return super().response_action(request, queryset.changeable_by(request.user))

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        """Raise 404 for an object that does not exist or may not be seen."""
        raise Http404(f"There is no such {opts.verbose_name}.")

    def _reaches(self, request: HttpRequest, obj: Model | None) -> bool:
        if obj is None or obj.pk is None:
            return True
        return bool(self.model.objects.changeable_by(request.user).filter(pk=obj.pk).exists())
