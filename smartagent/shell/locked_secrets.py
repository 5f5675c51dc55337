"""Fields with secrets are locked in a form while the sign-in is not recent; its other fields can be changed."""

from typing import Any

from django.utils.html import format_html

from smartagent.kernel.recent_sign_in import is_in_time, way_to_confirm

LOCKED = 'To change this, first <a class="sa-link" href="{}">confirm that it is you</a>.'


def lock_of(request: Any) -> str:
    """What locks secrets in the form of this request, in words with a link; "" where they may be entered."""
    return "" if is_in_time(request) else str(format_html(LOCKED, way_to_confirm(request)))


def lock_field(field: Any, lock: str) -> None:
    """Let the field take nothing in the browser, and say why. What is sent all the same, the form refuses."""
    field.widget.attrs["disabled"], field.help_text = True, lock
