"""An operator says the same in Python and in SQL."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.engine.conditions import Operator, met, met_sql

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 3).map(float)


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(st.tuples(NUMBERS, st.sampled_from(Operator.values), NUMBERS), min_size=1))
def test_python_and_sql_agree(triples):
    sql = f"""SELECT {met_sql("v", "o", "t")} FROM unnest(%s::float8[], %s::text[], %s::float8[])
              WITH ORDINALITY AS x (v, o, t, n) ORDER BY n"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(column) for column in zip(*triples, strict=True)])
        assert [row[0] for row in cursor.fetchall()] == [met(*triple) for triple in triples]
