"""How times, durations and tones are shown, the same on every page."""

from datetime import datetime, timedelta
from textwrap import indent
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from smartagent.kernel.durations import age_text, format_duration, length_text
from smartagent.kernel.links import web_address
from smartagent.shell.person_links import shown_person

register = template.Library()

# The colours of labels, by what they say.
SEVERITY_TONES = {
    "low": "", "medium": "info", "high": "warning", "critical": "danger",
    "active": "success", "paused": "warning", "disabled": "", "draft": "info",
    "ok": "success", "firing": "danger", "pending": "warning", "recovering": "info", "no_data": "warning",
    "error": "danger", "inactive": "", "syncing": "info",
    "success": "success", "failed": "danger", "skipped": "", "completed": "success", "running": "info",
    "overlapped": "warning",
    "proposed": "info", "approved": "primary", "applied": "success", "dismissed": "", "rolled_back": "warning",
    "expired": "", "unread": "primary", "read": "", "archived": "", "snoozed": "info",
    "waiting": "warning", "held": "info", "due": "info", "sending": "info", "delivered": "success", "bundled": "",
    "dead": "danger", "refused": "danger", "started": "info", "works": "success", "failing": "danger",
    "untested": "warning", "off": "",
    "done": "success", "undone": "warning", "applying": "info", "improved": "success", "worse": "danger",
    "unchanged": "", "too_little": "warning",
    "met": "danger", "clear": "success", "missing": "warning",
}  # fmt: skip


register.filter("web_address", web_address)
register.filter("length_text", length_text)


@register.filter
def tone(word: Any) -> str:
    """The colour of a label that says `word`."""
    return SEVERITY_TONES.get(str(word), "")


@register.filter
def indented(text: str) -> str:
    """The text with each of its lines indented, as an item of a list in plain text."""
    return indent(text, "  ")


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """A time in the person's zone, as `when_text`; ISO 8601 with the zone on hovering."""
    if moment is None:
        return when_text(moment)
    try:
        exact = timezone.localtime(moment).isoformat(timespec="seconds")
    except OverflowError:  # the year 1 or 9999, from another program
        return when_text(moment)
    return format_html(
        '<time datetime="{}" title="{}" class="whitespace-nowrap">{}</time>', exact, exact, when_text(moment)
    )


@register.filter
def when_text(moment: datetime | None) -> str:
    """A time without markup: the hour where it is today, the day where it is this year."""
    if moment is None:
        return "never"
    try:
        local, today = timezone.localtime(moment), timezone.localdate()
    except OverflowError:
        return f"{moment:%Y-%m-%d}"
    if local.date() == today:
        return f"today {local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"


@register.filter
def for_input(moment: datetime | None) -> str:
    """A time as the value of a field of the type datetime-local."""
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}" if moment else ""


@register.filter
def seconds(count: float) -> str:
    """So many seconds: `1.5\u00a0s`; from a minute on as a duration: `5h\u00a013m`."""
    if count < 60:
        return f"{count:.1f}\u00a0s"
    whole = int(count) if count < 3600 else int(count) // 60 * 60
    return format_duration(timedelta(seconds=whole)).replace(" ", "\u00a0")


@register.filter
def duration(span: timedelta | None) -> str:
    """A duration as people write it: `4h`; parts of a second in milliseconds."""
    if span is None:
        return ""
    if span < timedelta(seconds=10):
        return f"{span.total_seconds() * 1000:,.0f}\u00a0ms"
    return format_duration(span)


@register.filter
def age(moment: datetime | None) -> str:
    """How long ago it was: `4 h 12 min ago`."""
    return "never" if moment is None else age_text(timezone.now() - moment)


@register.simple_tag(takes_context=True)
def person(context: template.Context, who: Any) -> SafeString | str:
    """The name of a person, with a link to their page where the viewer may open it."""
    return shown_person(context["request"].user, who)


@register.filter
def value_of(values: Any, name: str) -> Any:
    """The value of `values` under `name`; None where there is none."""
    return values.get(name)
