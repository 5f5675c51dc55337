"""Whose TLS certificates are accepted, and what is wrong with one that is not, in words."""

import ssl
from dataclasses import dataclass, field

from smartagent.outbound.errors import RequestRefused

# X509_V_ERR_… of OpenSSL's x509_vfy.h, which the standard library gives as `verify_code`.
FORGED, NOT_YET_VALID, EXPIRED, SELF_SIGNED = 7, 9, 10, 18
UNKNOWN_ISSUERS = {19, 20, 21}  # a root that is not trusted; no issuer; no chain from the server's certificate
OTHER_NAMES = {62, 64}  # of a host, of an IP address
UNTRUSTED = {FORGED, SELF_SIGNED, *UNKNOWN_ISSUERS}
REASONS = {
    FORGED: "its TLS certificate is not signed by the trusted authority of the name that it gives",
    NOT_YET_VALID: "its TLS certificate, or one that signed it, is not valid yet",
    EXPIRED: "its TLS certificate, or one that signed it, has expired",
    SELF_SIGNED: "its TLS certificate is self-signed",
    **dict.fromkeys(UNKNOWN_ISSUERS, "its TLS certificate is signed by an authority that is not trusted"),
    **dict.fromkeys(OTHER_NAMES, "its TLS certificate is for another name"),
}
SSL_REASONS = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS. An address with http:// would be without it",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a certificate of the client, which is not supported",
    "CERTIFICATE_REQUIRED": "it asks for a certificate of the client, which is not supported",
}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose certificates are accepted: those of the usual authorities; of `authorities` (PEM) alone where given, and
    these themselves; all without `verify`."""

    verify: bool = True
    authorities: str = field(default="", repr=False)

    def context(self) -> ssl.SSLContext | bool:
        """What httpx takes as `verify`. RequestRefused where the authorities cannot be read."""
        if not self.verify or not self.authorities:
            return self.verify
        try:
            context = ssl.create_default_context(cadata=self.authorities)
        except (ssl.SSLError, ValueError, TypeError):
            raise RequestRefused("The CA certificate cannot be read. Enter it again.") from None
        # A certificate that an administrator has entered is trusted as it is: an intermediate one, too, and without
        # the extensions that newer Pythons demand of a root.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


USUAL = Trust()


def is_untrusted(error: BaseException) -> bool:
    """Whether a request failed since nobody trusted has signed the server's certificate."""
    found = _ssl_error(error)
    return isinstance(found, ssl.SSLCertVerificationError) and found.verify_code in UNTRUSTED


def tls_problem(error: BaseException) -> str:
    """Why TLS failed, as the end of a sentence; empty where the error is another one."""
    found = _ssl_error(error)
    if isinstance(found, ssl.SSLCertVerificationError):
        return REASONS.get(found.verify_code) or f"its TLS certificate is refused: {found.verify_message}"
    return SSL_REASONS.get(found.reason or "", "") if found else ""


def _ssl_error(error: BaseException | None) -> ssl.SSLError | None:
    """The error of TLS that led to `error`."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error
