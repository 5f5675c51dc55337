"""Circles of objects are looked for less often in a block, and as before after it."""

import gc

import pytest

from smartagent.kernel.garbage import RARELY, rarely_collected


def test_rarely_in_a_block_alone():
    before = gc.get_threshold()
    with rarely_collected():
        assert gc.get_threshold() == RARELY
    with pytest.raises(ZeroDivisionError), rarely_collected():
        raise ZeroDivisionError
    assert gc.get_threshold() == before != RARELY
