"""Who acts: a person, or whoever runs a command of manage.py."""

import getpass
import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Who runs a command: a user of the operating system."""

    user: str
    pk: None = None

    def __str__(self) -> str:
        return f"{self.user} (command line)"


def command_line() -> CommandLine:
    """Who runs this process."""
    try:
        return CommandLine(getpass.getuser())
    except (KeyError, OSError, ImportError):  # a container may run as a number without a name
        return CommandLine(f"user {os.getuid()}")


def actor_facts(by: Any) -> dict[str, str]:
    """What an entry of the activity log says of who acted."""
    return ({"by": str(by.pk)} if by.pk else {}) | {"by_name": str(by)}
