"""Errors of outgoing requests, with texts that may be shown: addresses are named without secrets."""


class NotSent(Exception):
    """The request got no answer. `permanent` where trying again would not help."""

    permanent = False


class Unreachable(NotSent):
    """The network, or whoever is at its other end, did not answer."""


class AddressRefused(NotSent):
    """The address is one that must not be reached, or none at all."""

    permanent = True


class RequestRefused(NotSent):
    """The request is invalid: a header contains characters that are not allowed. Check keys and tokens."""

    permanent = True
