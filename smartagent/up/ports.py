"""Is the address free, and if not, who holds it?"""

import errno
import socket

import psutil

from smartagent.up import CannotStart


def check_free(host: str, port: int) -> None:
    """Raise CannotStart where the web server could not listen on that address."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
    except socket.gaierror:
        raise CannotStart(f"{host!r} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all.") from None
    except OSError as error:
        raise CannotStart(_why(error, host, port)) from None


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use{_holder(port)}. Stop it, or use another port: --port {port + 1}."
    if error.errno == errno.EACCES:
        return f"Only root can open port {port}. Use a port above 1023, for example --port 8000."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all."
    return f"Cannot listen on {host}:{port}: {error.strerror}."


def _holder(port: int) -> str:
    """Who listens there, where the system tells."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except (psutil.Error, PermissionError):
        return ""
    return ""
