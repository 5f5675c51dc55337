"""People of an old application on the same database become people here, and ours are made known there.

Where there is no auth.users, only failures of triggers are recorded.
"""

from django.db import migrations

from smartagent.adoption.sync.people import ImportPeople, IntroducePeople
from smartagent.adoption.sync.triggers import KeepInStep, MakeHelper
from smartagent.migrations import _people, _promotion

ACCOUNTS = "auth.users"
PERSON = ("person", "uuid")
ADDRESSED = (PERSON, ("address", "text"))


class Migration(migrations.Migration):
    # Each operation makes its own transactions: others go on writing, and a run that was ended is finished by another.
    atomic = False

    dependencies = [
        ("smartagent", "0001_initial"),
    ]

    # Backwards, what was made known there is removed last: nothing of ours follows it any more.
    operations = [
        MakeHelper("record_failure", (("problem", "text"), ("reason", "text")), "void", _people.RECORD_FAILURE),
        MakeHelper("email_of", ADDRESSED, "text[]", _people.EMAIL_OF, given=ACCOUNTS),
        MakeHelper("set_email", ADDRESSED, "void", _people.SET_EMAIL, given=ACCOUNTS),
        MakeHelper("free_email", (("address", "text"), ("keeper", "uuid")), "void", _people.FREE_EMAIL, given=ACCOUNTS),
        MakeHelper(
            "introduce_person",
            ADDRESSED,
            "boolean",
            _people.INTRODUCE_PERSON,
            given=ACCOUNTS,
        ),
        IntroducePeople("smartagent_users", "introduce", "AFTER INSERT", _people.INTRODUCE, given=ACCOUNTS),
        KeepInStep(
            "smartagent_users",
            "follow_person",
            "AFTER DELETE OR UPDATE OF email, is_active",
            _people.FOLLOW_PERSON,
            given=ACCOUNTS,
        ),
        KeepInStep(ACCOUNTS, "yield_email", "BEFORE INSERT OR UPDATE OF email", _people.YIELD_EMAIL),
        KeepInStep(
            "profiles", "yield_profile_email", "BEFORE INSERT OR UPDATE", _people.YIELD_PROFILE_EMAIL, given=ACCOUNTS
        ),
        MakeHelper(
            "person_of", (("account", "jsonb"), ("profile", "jsonb")), "jsonb", _people.PERSON_OF, given=ACCOUNTS
        ),
        MakeHelper("profile_of", (PERSON,), "jsonb", _people.PROFILE_OF, given=ACCOUNTS),
        MakeHelper("may_promote", (PERSON, ("what", "text")), "boolean", _promotion.MAY_PROMOTE, given=ACCOUNTS),
        MakeHelper(
            "change_person",
            (PERSON, ("before", "jsonb"), ("after", "jsonb"), ("joined", "timestamptz")),
            "void",
            _people.CHANGE_PERSON,
            given=ACCOUNTS,
        ),
        MakeHelper("import_person", (PERSON,), "boolean", _people.IMPORT_PERSON, given=ACCOUNTS),
        KeepInStep(ACCOUNTS, "follow_account", "AFTER INSERT OR DELETE OR UPDATE", _people.FOLLOW_ACCOUNT),
        KeepInStep(
            "profiles",
            "follow_profile",
            "AFTER INSERT OR DELETE OR UPDATE",
            _people.FOLLOW_PROFILE,
            given=ACCOUNTS,
        ),
        ImportPeople(),
    ]
