"""Backtests over numbers at the edge of what 64 bits hold."""

import pytest

from rules.engine.numeric_range import TOO_FAR
from tests.rules.backtesting.test_command import RULE, backtest


@pytest.mark.parametrize(
    ("more", "fired", "reason"),
    [("", 1, ""), ("    reducer: avg\n    window: 30m\n", 0, TOO_FAR),
     ("    reducer: percent_change\n    window: 30m\n", 0, TOO_FAR)],
)  # fmt: skip
def test_what_cannot_be_calculated_has_no_value_and_a_reason(tmp_path, more, fired, reason):
    rule, samples = tmp_path / "rule.yaml", tmp_path / "samples.csv"
    rule.write_text(RULE + more)
    samples.write_text(
        "timestamp,value\n2026-11-27T10:00:00Z,1e308\n2026-11-27T10:05:00Z,1e308\n2026-11-27T10:10:00Z,-1e308\n"
    )
    backtested = backtest(rule, samples)
    assert f"Fired {fired} time" in backtested
    assert reason in backtested
