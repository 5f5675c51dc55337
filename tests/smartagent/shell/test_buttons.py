"""How a button and a field look is said once, in the style sheet: pages name it."""

import re

from django.conf import settings

TEMPLATES = settings.BASE_DIR / "templates"
SPELLED_OUT = re.compile(
    r'<(?:a|button|input|select|textarea)\b[^>]*class="(?=[^"]*(?:px-[34]|border-base))[^"]*rounded-def'
)
# What stands among the controls of Unfold looks as they do.
UNFOLDS = ("unfold/", "smartagent/changelist.html", "admin/actions.html")


def test_no_page_spells_out_a_button_or_a_field():
    names = {path: path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    own = [path for path, name in names.items() if not name.startswith(UNFOLDS)]
    found = [names[path] for path in own if SPELLED_OUT.search(path.read_text())]
    assert len(own) > 80
    assert not found, "use sa-button (sa-primary, sa-danger) or sa-input"
