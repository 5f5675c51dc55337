"""The schema of the old application, to be filled."""

from tests.smartagent.adoption.conftest import legacy, takeover

__all__ = ["legacy", "takeover"]
