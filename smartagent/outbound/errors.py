"""Errors of outgoing requests, with messages that may be shown: addresses are named without secrets."""

import errno
import socket


class NotSent(Exception):
    """The request got no response. `permanent`: a retry would not help."""

    permanent = False


class Unreachable(NotSent):
    """The network or the server did not respond."""


class NetworkDown(Unreachable):
    """The name server does not respond, or this machine has no network: it says nothing about the receiver."""


class TimedOut(Unreachable):
    """The time for the request is over."""


class CertificateUntrusted(Unreachable):
    """Nobody who is trusted has signed the server's TLS certificate."""


class AddressRefused(NotSent):
    """The address is forbidden or invalid."""

    permanent = True


class RequestRefused(NotSent):
    """The request is invalid: a header contains characters that are not allowed. Check keys and tokens."""

    permanent = True


NETWORK_ERRORS = {errno.ENETDOWN, errno.ENETUNREACH}
LOOKUP_ERRORS = {socket.EAI_AGAIN, socket.EAI_SYSTEM}


def is_network_down(error: BaseException | None) -> bool:
    """Whether an error, or one that led to it, is of this machine's network or name server; not of a name that does
    not exist, or of a host that does not answer."""
    while error is not None:
        known = LOOKUP_ERRORS if isinstance(error, socket.gaierror) else NETWORK_ERRORS
        if isinstance(error, NetworkDown) or (isinstance(error, OSError) and error.errno in known):
            return True
        error = error.__cause__ or error.__context__
    return False


def unreachable(words: str, error: BaseException) -> Unreachable:
    """The error with these words for the one that led to it."""
    return NetworkDown(words) if is_network_down(error) else Unreachable(words)
