"""The command of the web server, as `up` and `web` run it."""

import sys

# Of each process: up to four streams and two exports of the activity log occupy one each for minutes.
WEB_THREADS = "12"
OPEN_STREAMS_SECONDS = "4"  # that a web server waits for open answers before it stops


def web_command(host: str, port: int, processes: int) -> list[str]:
    """Granian with so many processes at that address."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers",
        str(processes), "--blocking-threads", WEB_THREADS, "--workers-kill-timeout", OPEN_STREAMS_SECONDS,
        "--respawn-failed-workers", "--no-access-log", "--log-level", "warning", "smartagent.wsgi:application",
    ]  # fmt: skip
