"""The wish that a process ends."""

import signal

from smartagent.kernel.stop import Stop

PAUSE = 0.00005  # seconds: the next signal comes while the one before is handled


def test_a_signal_that_interrupts_its_own_handler_stops_all_the_same():
    wishes = [Stop()]
    before = signal.signal(signal.SIGALRM, lambda number, frame: wishes[0].set())
    signal.setitimer(signal.ITIMER_REAL, PAUSE, PAUSE)
    try:
        for _ in range(500):
            assert wishes[0].wait(10)
            wishes[0] = Stop()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_it_is_wished_from_then_on():
    stop = Stop()
    assert not stop.is_set()
    assert not stop.wait(0.01)
    for _ in range(100_000):  # more than a pipe holds
        stop.set()
    assert stop.is_set()
    assert stop.wait()


def test_the_end_of_who_would_wish_it_is_a_wish():
    stop = Stop()
    stop.only_wait()
    assert stop.is_set()
