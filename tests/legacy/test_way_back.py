"""After the way back, what the documentation says drops the rest: nothing but the old application's tables is left."""

import re

from django.conf import settings

from tests.smartagent.adoption.conftest import Takeover
from tests.smartagent.adoption.shapes import NOTIFICATIONS_A
from tests.smartagent.adoption.test_people import ACCOUNTS, PROFILES

TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'legacy'::regnamespace AND relkind IN ('r', 'S', 'v')"


def test_what_the_documentation_says_drops_what_the_way_back_leaves(takeover: Takeover) -> None:
    takeover.sql(f"{ACCOUNTS} {PROFILES} {NOTIFICATIONS_A}")
    before = sorted(takeover.sql(TABLES))
    takeover.forwards()
    takeover.backwards_by_command("optimizer", "notifications", "rules", "smartagent")
    guide = (settings.BASE_DIR / "smartagent/docs/text/takeover.md").read_text()
    [statement] = re.findall(r"DROP TABLE [^;]*django_migrations;", guide)
    takeover.sql(statement)
    assert sorted(takeover.sql(TABLES)) == before
