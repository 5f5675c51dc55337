"""Forty people of an invented company, and their integrations. Nobody can sign in before a password is set."""

import random

from django.contrib.auth.models import Group
from django.utils.text import slugify

from rules.models import Integration
from smartagent.models import User

DEMO_NAMES = """
Amara Okafor, Björn Lindqvist, Chiara Rossi, Dmitri Volkov, Elif Yılmaz, Farid Haddad, Greta Vogel, Hiro Tanaka,
Ines Duarte, Jonas Weber, Keiko Mori, Lucía Herrera, Mateo Silva, Nadia Petrova, Oskar Nyström, Priya Raman,
Quentin Dubois, Rosa Marín, Samir Aziz, Tuuli Korhonen, Umar Farouk, Vera Novák, Wanda Nowak, Xavier Laurent,
Yara Nassar, Zoltán Kovács, Anneke Visser, Boris Ivanov, Carmen Ortega, Duc Nguyen, Esra Demir, Femi Adeyemi,
Gustavo Costa, Hana Kim, Ismail Rahman, Jana Horvat, Kofi Mensah, Leila Karimi, Milan Jovanović, Noor Hassan
"""
ZONES = ("Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "UTC")
INTEGRATION_TYPES = ("slack", "outlook", "gmail", "trello", "sendgrid", "microsoft_teams")
SYNC_MINUTES = {0: 20}
DEMO_ROLES = {0: "operators", 1: "operators", 2: "auditors"}


def make_people(dice: random.Random) -> list[User]:
    """Create the forty people, with their groups and time zones."""
    names = [name.strip() for name in DEMO_NAMES.split(",")]
    people = [
        User(email=f"{slugify(name).replace('-', '.')}@example.com", full_name=name, time_zone=dice.choice(ZONES))
        for name in names
    ]
    for person in people:
        person.set_unusable_password()
    User.objects.bulk_create(people)
    groups = {group.name: group for group in Group.objects.all()}
    membership = User.groups.through
    membership.objects.bulk_create(
        membership(user_id=person.pk, group_id=groups[DEMO_ROLES.get(number, "members")].pk)
        for number, person in enumerate(people)
    )
    return people


def make_integrations(people: list[User], dice: random.Random) -> list[Integration]:
    """Create two to four active integrations for each person; the first synchronises often, which can be adjusted."""
    return Integration.objects.bulk_create(
        Integration(
            user=person, integration_type=kind, status=Integration.Status.ACTIVE,
            config={"sync_interval_minutes": SYNC_MINUTES[place]} if place in SYNC_MINUTES else {},
        )
        for person in people
        for place, kind in enumerate(dice.sample(INTEGRATION_TYPES, dice.randint(2, 4)))
    )  # fmt: skip
