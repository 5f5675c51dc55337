#!/usr/bin/env python
"""Smart Agent's commands. An error in database or settings is printed in one line, with exit code 2."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

from smartagent.postgres.errors import line


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartagent.settings")
    sys.argv[1:2] = [name.replace("-", "_") if name[:1] != "-" else name for name in sys.argv[1:2]]  # support-bundle
    os.umask(0o077)  # what it writes is for its owner: data, keys, exports
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ImproperlyConfigured) as error:
        message = line(error)
        if message is None or "--traceback" in sys.argv:
            raise
        sys.stderr.write(f"{message}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
