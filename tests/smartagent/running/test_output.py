"""What `up` prints: nobody who does not read it stops it."""

import threading

from smartagent.up import output
from smartagent.up.output import Output


def test_lines_are_printed_in_order_and_a_reader_who_does_not_read_holds_nobody_up(monkeypatch):
    monkeypatch.setattr(output, "MAX_LINES", 100)
    monkeypatch.setattr(output, "FLUSH_SECONDS", 0.05)
    printed, reads = [], threading.Event()

    def write(name, line):
        reads.wait()
        printed.append(line)

    lines = Output(write)
    for number in range(150):
        lines.say("web", str(number))
    assert not lines.flush()
    reads.set()
    monkeypatch.setattr(output, "FLUSH_SECONDS", 10)
    assert lines.flush()
    shown = [int(line) for line in printed if line.isdecimal()]
    assert shown == sorted(shown)
    assert shown[-1] == 149
    dropped = [line for line in printed if "lines were dropped, since nobody read the output." in line]
    assert len(dropped) == 1
    assert int(dropped[0].split()[0]) == 150 - len(shown)


def test_a_reader_who_is_gone_is_no_end():
    def write(name, line):
        raise BrokenPipeError

    lines = Output(write)
    lines.say("web", "one")
    assert lines.flush()
    lines.say("web", "two")
    assert lines.flush()
