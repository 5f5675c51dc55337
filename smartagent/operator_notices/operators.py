"""Who operates Smart Agent."""

from django.db.models import Q

from smartagent.models import User


def operators() -> list[User]:
    """Operators and administrators who may sign in."""
    people = User.objects.people().filter(is_active=True)
    return list(people.filter(Q(is_superuser=True) | Q(groups__name__in=["operators", "administrators"])).distinct())
