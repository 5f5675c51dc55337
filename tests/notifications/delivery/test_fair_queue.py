"""Whose turn it is to be sent: bounded in all, for a host and for a channel, and fair."""

from notifications.delivery.fair_queue import FairQueue


def filled(limit, *items):
    """A queue with these items, named `host channel number`, of which 2 of a channel and 3 of a host run at a time."""
    queue = FairQueue(limit)
    for item in items:
        host, channel, _ = item.split()
        queue.add(item, channel, 2, host, 3)
    return queue


def taken(queue):
    """What may run now, and the lines of it."""
    found = list(iter(queue.next, None))
    return [item for item, _ in found], [line for _, line in found]


def test_channels_and_hosts_take_turns_within_their_bounds():
    queue = filled(9, "x a 1", "x a 2", "x a 3", "x b 1", "x b 2", "y c 1", "y c 2", "y c 3")
    items, lines = taken(queue)
    assert items == ["x a 1", "y c 1", "x b 1", "y c 2", "x a 2"]  # 3 of host x, 2 of channel c
    queue.ended(lines[items.index("x b 1")])
    assert taken(queue)[0] == ["x b 2"]
    queue.ended(lines[items.index("x a 1")])
    queue.ended(lines[items.index("y c 1")])
    assert sorted(taken(queue)[0]) == ["x a 3", "y c 3"]


def test_what_runs_is_bounded_in_all():
    queue = filled(2, "x a 1", "y b 1", "z c 1", "z c 2")
    items, lines = taken(queue)
    assert items == ["x a 1", "y b 1"]
    queue.ended(lines[0])
    assert taken(queue)[0] == ["z c 1"]


def test_one_that_hangs_holds_up_only_itself():
    queue = filled(9, *(f"x a {number}" for number in range(50)), "y b 1", "x c 1")
    assert sorted(taken(queue)[0]) == ["x a 0", "x a 1", "x c 1", "y b 1"]


def test_what_waits_can_be_taken_out_and_nothing_is_kept_of_what_has_ended():
    queue = filled(9, "x a 1", "x a 2", "x a 3", "y b 1")
    _, lines = taken(queue)
    assert queue.clear() == ["x a 3"]
    queue.add("x a 4", "a", 2, "x", 3)
    assert queue.next() is None  # two of its channel run
    queue.ended(lines[0])
    item, line = queue.next()
    for each in (line, *lines[1:]):
        queue.ended(each)
    assert (item, queue.next(), queue._lines) == ("x a 4", None, {})
