"""Errors of outgoing requests, with messages that may be shown: addresses are named without secrets."""


class NotSent(Exception):
    """The request got no response. `permanent`: a retry would not help."""

    permanent = False


class Unreachable(NotSent):
    """The network or the server did not respond."""


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
