"""The list of silences, and the form that creates and edits them."""

from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import MAX_URL_REDIRECT_LENGTH
from unfold.decorators import display

from rules.filters.silences import SilenceFilter
from rules.metrics.catalogue import catalogue
from rules.models import AutomationRule, RuleState, Silence
from rules.pages.forms.silence import SilenceForm, typed
from rules.pages.silences.silence import (
    SILENCE_TONES,
    end_silence,
    extend_silence,
    form_preview,
    page_of,
    preview_of,
    silence_page,
)
from rules.silences.lifecycle import copied, end, is_over, make, revise
from rules.silences.limits import people_of
from rules.silences.matchers import covers_in_words, matchers_of
from rules.silences.phrases import SILENCE_STATE_LABELS, state_of, when_in_words
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.formats import plural
from smartagent.kernel.limits import too_many
from smartagent.kernel.scope import has_everyone
from smartagent.models import User
from smartagent.shell.filtered_list import FilteredAdmin, FilteredChangeList

MAX_CHOICES = 300  # rules and people that a field offers while one types


class SilenceChangeList(FilteredChangeList):
    """Its rows link to the pages of the silences."""

    def url_for_result(self, result: Silence) -> str:
        return page_of(result)


@admin.register(Silence)
class SilenceAdmin(FilteredAdmin):
    slug = "silences"
    form = SilenceForm
    filterset_class = SilenceFilter
    filter_defaults = {"state": "current"}
    everything_qs = "?state="
    change_form_template = "rules/silence_form.html"
    empty_title = "No silences"
    empty_text = "Silence alerts during planned work: rules are still evaluated, but nobody is notified."
    list_display = ("shown_comment", "state", "covers", "times", "maker")
    list_display_links = ("shown_comment",)
    list_select_related = ("rule", "person", "user", "created_by")
    sortable_by = ("times",)
    search_fields = ("comment", "rule__rule_name", "metric")
    search_help_text = "Comment, rule or metric"
    actions = ("end_now",)

    # -- the list --------------------------------------------------------------------------------

    def prepare(self, rows: list[Silence]) -> None:
        now = timezone.now()
        for silence in rows:
            silence.state = SILENCE_STATE_LABELS[state_of(silence, now)]  # type: ignore[attr-defined]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return SilenceChangeList

    @display(description="comment", ordering="comment")
    def shown_comment(self, silence: Silence) -> str:
        return format_html('<span class="sa-text">{}</span>', silence.comment)

    @display(description="state", label=SILENCE_TONES)
    def state(self, silence: Silence) -> str:
        return str(silence.state)  # type: ignore[attr-defined]

    @display(description="matches")
    def covers(self, silence: Silence) -> str:
        words = covers_in_words(silence)
        return format_html('<span class="sa-text">{}</span>', words[0].upper() + words[1:])

    @display(description="schedule", ordering="starts_at")
    def times(self, silence: Silence) -> str:
        words = when_in_words(silence)
        return format_html('<span class="sa-text">{}</span>', words[0].upper() + words[1:])

    @display(description="created by", ordering="created_by")
    def maker(self, silence: Silence) -> str:
        return str(silence.created_by or "deleted account")

    @admin.action(description="End now", permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: Any) -> None:
        count = end(queryset, request.user, timezone.now())
        word = plural(count, "silence")
        messages.success(
            request, f"Ended {count:,} {word}. Alerts that still fire are notified at the next evaluation."
        )

    # -- the form --------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Silences are ended, not deleted, so that the reason stays readable."""
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        shown = [name for _, options in self.get_fieldsets(request, obj) for name in options["fields"]]
        hidden = {name: None for name in ("person", "user", "everything") if name not in shown}
        namespace = {
            "maker": request.user,
            "given": self._given(request),
            "Meta": type("Meta", (SilenceForm.Meta,), {}),
        }
        form = type("SilenceForm", (SilenceForm,), namespace | hidden)
        return super().get_form(request, obj, change, **kwargs | {"form": form})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        operator = has_everyone(request.user, "change")
        others = operator or len(people_of(request.user)[:2]) > 1
        covers = ["rule", "metric", "labels", *(["person"] if others else [])]
        covers += ["user", "everything"] if operator else []
        when = ["starts", "repeats", "recurrence", "length", "duration", "ends", "time_zone"]
        return [("Comment", {"fields": ["comment"]}), ("Matches", {"fields": covers}), ("Schedule", {"fields": when})]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # the form itself reads what the address says

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        silence = self.get_object(request, object_id) if object_id else None
        if silence and is_over(silence, timezone.now()):
            messages.info(request, "This silence has ended and cannot be changed. Copy it to create a new one.")
            return HttpResponseRedirect(page_of(silence))
        if request.method == "POST" and "_preview" in request.POST:
            address = f"{request.path}?{_requested(request)}"
            if len(address) <= MAX_URL_REDIRECT_LENGTH:
                return HttpResponseRedirect(address)
            request.method, request.GET = (
                "GET",
                QueryDict(_requested(request)),
            )  # too long for an address: shown at once
        if request.method == "POST" and (refused := too_many(request, "silences")):
            return refused
        known = self._known(request, silence) if self._may_write(request, silence) else {}
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | known)

    def save_model(self, request: HttpRequest, obj: Silence, form: Any, change: bool) -> None:
        now, maker = timezone.now(), cast(User, request.user)
        if not change:
            if "user" not in form.fields:
                obj.user = maker
            make(obj, maker, now)
        elif not revise(obj, now):
            messages.error(request, "The silence ended in the meantime; nothing was changed.")

    def response_add(self, request: HttpRequest, obj: Silence, post_url_continue: Any = None) -> HttpResponse:
        return self._to_its_page(request, obj, f"Silence “{obj}” created.")

    def response_change(self, request: HttpRequest, obj: Silence) -> HttpResponse:
        return self._to_its_page(request, obj, f"Silence “{obj}” updated.")

    def _to_its_page(self, request: HttpRequest, silence: Silence, message: str) -> HttpResponse:
        messages.success(request, message)
        return HttpResponseRedirect(page_of(silence))

    def _may_write(self, request: HttpRequest, silence: Silence | None) -> bool:
        return bool(self.has_change_permission(request, silence) if silence else self.has_add_permission(request))

    def _known(self, request: HttpRequest, silence: Silence | None) -> dict[str, Any]:
        """The suggestions of fields, and the preview when the form is opened."""
        rules = AutomationRule.objects.changeable_by(request.user).order_by("rule_name")
        people = people_of(request.user).filter(is_active=True)
        shown = {} if request.method == "POST" else preview_of(self.get_form(request, silence), silence)
        return shown | {
            "metrics": catalogue(request.user),
            "rules": rules.values_list("rule_name", flat=True).distinct()[:MAX_CHOICES],
            "people": people.order_by("email")[:MAX_CHOICES],
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
        }

    def _given(self, request: HttpRequest) -> dict[str, Any]:
        """Initial values of a new silence from the URL: fields by name, or a silence to copy, or the instance that it
        is to cover."""
        given: dict[str, Any] = {name: value for name, value in request.GET.items() if name in SilenceForm.base_fields}
        if state := _instance(request):
            return matchers_of(state) | given
        original = self.get_object(request, request.GET["copy"]) if "copy" in request.GET else None
        if original:
            return typed(Silence(**copied(original, timezone.now()))) | given
        return given

    # -- the other pages -------------------------------------------------------------------------

    pages = {
        "preview/": (form_preview, "preview"),
        "<uuid:silence_id>/": (silence_page, "page"),
        "<uuid:silence_id>/end/": (end_silence, "end"),
        "<uuid:silence_id>/extend/": (extend_silence, "extend"),
    }


def new_silence(**matchers: Any) -> str:
    """The URL of a prefilled form: `new_silence(rule=rule.pk)`."""
    return reverse("admin:rules_silence_add", query={name: value for name, value in matchers.items() if value})


def _instance(request: HttpRequest) -> RuleState | None:
    """The instance that the address names, where the person may see it."""
    key = as_uuid(request.GET.get("instance", ""))
    states = RuleState.objects.visible_to(request.user).select_related("rule") if key else RuleState.objects.none()
    return states.filter(pk=key).first()


def _requested(request: HttpRequest) -> str:
    """The submitted form as a query string, without its CSRF token."""
    requested = request.POST.copy()
    for name in ("csrfmiddlewaretoken", "_preview", "_save"):
        requested.pop(name, None)
    return requested.urlencode()
