"""Whatever mixture of shapes is found, in whatever order it was made: it is taken over, works, and is given back."""

from collections.abc import Iterator

import pytest
from django.contrib.contenttypes.models import ContentType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.legacy.database import Database
from tests.legacy.people import PROFILES
from tests.legacy.shapes import SHAPES
from tests.legacy.test_takeover import CHECKS, failed_checks
from tests.smartagent.adoption.conftest import Takeover

MIXTURES = st.permutations(list(SHAPES)).flatmap(
    lambda order: st.fixed_dictionaries({table: st.sampled_from(list(SHAPES[table])) for table in order})
)


@pytest.fixture
def _no_cached_types() -> Iterator[None]:
    yield
    ContentType.objects.clear_cache()


@pytest.mark.usefixtures("_no_cached_types")
@settings(max_examples=examples(2), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mixture=MIXTURES, profiles=st.sampled_from(list(PROFILES)))
def test_a_mixture(takeover: Takeover, mixture: dict[str, str], profiles: str) -> None:
    ContentType.objects.clear_cache()
    database = Database(takeover, profiles=profiles, shapes=mixture)
    catalog, rows = database.catalog(), database.rows()
    takeover.forwards()
    assert database.rows() == rows
    assert takeover.lacks() == []
    assert failed_checks() == []
    takeover.backwards("optimizer", "notifications", "rules", "smartagent")
    database.assert_given_back(catalog)
    assert database.rows() == rows
    takeover.forwards()
    for table, shape in database.found():
        for statement in shape.writes:
            database.as_the_old_application(statement)
        CHECKS[table](database)
