"""The admin site at `/`, for everybody who is signed in. Its addresses are nouns: /rules/, /activity/."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, include, path
from django.utils.module_loading import import_string
from django.views.generic import RedirectView
from unfold.admin import ModelAdmin as OurLook
from unfold.sites import UnfoldAdminSite

WALL_TEMPLATE = "smartagent/wall.html"


class Site(UnfoldAdminSite):  # type: ignore[misc]
    """Serves each list under the `slug` of its admin class; pages of Django's admin in another design are left out."""

    index_template = "smartagent/overview.html"
    final_catch_all_view = False
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Return the overview; under `?wall` as a display that stands alone."""
        page: TemplateResponse = super().index(request, extra_context)
        if is_wall(request):
            page.template_name = WALL_TEMPLATE
        return page

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Return the page to sign in."""
        page: HttpResponse = import_string("smartagent.accounts.sign_in.sign_in")(request)
        return page

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign out."""
        if request.method == "POST":
            import_string("smartagent.accounts.sessions.log_sign_out")(request)
        page: HttpResponse = super().logout(request, extra_context)
        return page

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Change one's own password; other sessions end with it."""
        page: HttpResponse = super().password_change(request, extra_context)
        import_string("smartagent.accounts.sessions.after_own_password_change")(request, page)
        return page

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        if admin_class is not None and issubclass(admin_class, OurLook):
            super().register(model_or_iterable, admin_class, **options)

    def extra_urls(self) -> list[URLPattern]:
        """Return the pages that are no lists; imported by name, since the site itself imports no app."""
        return list(import_string("smartagent.page_urls.pages")(self))

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Return the results of the command palette, uncached, so that permissions are current."""
        found: HttpResponse = import_string("smartagent.dashboard.command_palette.find")(request)
        return found

    def get_urls(self) -> list[Any]:
        own = [url for url in super().get_urls() if isinstance(url, URLPattern) and url.name != "app_list"]
        lists = [path(f"{slug_of(admin)}/", include(admin.urls)) for admin in self._registry.values()]
        # Django's templates link to a page per app; we have none, and lead to the overview.
        apps = path("app/<str:app_label>/", RedirectView.as_view(url="/"), name="app_list")
        return [*own, apps, *lists]


def is_wall(request: HttpRequest) -> bool:
    """Whether the overview is asked for as a wall display."""
    return "wall" in request.GET


def slug_of(admin: "ModelAdmin[Any]") -> str:
    """Return the first part of a list's address."""
    return str(getattr(admin, "slug", f"{admin.opts.app_label}-{admin.opts.model_name}"))
