"""The timed stages of an evaluation, keys of `DispatchRun.stage_ms`, with their numbers in the dispatcher."""

LEFTOVERS = "leftovers"
READINGS = "readings"
HISTORY = "history"
CANDIDATES = "candidates"
RECORD = "record"
EXECUTE = "execute"
NUMBERS = {LEFTOVERS: "1", READINGS: "2", HISTORY: "2", CANDIDATES: "3", RECORD: "4–5", EXECUTE: "6"}
