"""Certificates of authorities as text in PEM (RFC 7468): checked, brought into one form, and described. Pure."""

import base64
import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from smartagent.kernel.formats import day

MAX_PEM = 64_000  # characters: about forty certificates
MAX_AUTHORITY_NAME = 80  # characters
BEGIN_CERTIFICATE, END_CERTIFICATE = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
ONLY_CERTIFICATES = f"Enter only certificates, each from {BEGIN_CERTIFICATE} to {END_CERTIFICATE}."


class NotCertificates(ValueError):
    """The text is not one or more certificates; the message says why, and what would be right, without quoting it."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate: of whom, until when, the beginning of its SHA-256, and its text."""

    name: str
    expires: datetime
    fingerprint: str
    pem: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.name} until {day(self.expires.astimezone(UTC))} ({self.fingerprint})"


def canonical_pem(text: str) -> str:
    """The certificates in `text` alone, each once; empty for an empty one. NotCertificates."""
    found = "".join(dict.fromkeys(each.pem for each in authorities_in(text)))
    try:
        ssl.create_default_context(cadata=found or None)
    except ssl.SSLError:
        raise NotCertificates("The certificates cannot be used for TLS. Export them again.") from None
    return found


def authorities_in(text: str) -> list[Authority]:
    """The certificates in `text`, none for an empty one. NotCertificates."""
    if not text.strip():
        return []
    if len(text) > MAX_PEM:
        raise NotCertificates(f"At most {MAX_PEM:,} characters; this text has {len(text):,}. {ONLY_CERTIFICATES}")
    if "PRIVATE KEY" in text.upper():
        raise NotCertificates(f"A private key stays with its server: it is not stored here. {ONLY_CERTIFICATES}")
    found = [_read(number, label, body) for number, (label, body) in enumerate(_blocks(text), 1)]
    if not found:
        raise NotCertificates(f"No certificate was found. {ONLY_CERTIFICATES}")
    return found


def authorities_in_words(text: str) -> str:
    """The certificates in `text` for a log: `Example CA until 2 Mar 2031 (5f2c08d1a4b3)`; `none` for an empty one."""
    try:
        return ", ".join(map(str, authorities_in(text))) or "none"
    except NotCertificates:
        return "unreadable"


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Labels and contents; the content is empty where the block has no end."""
    for part in text.split("-----BEGIN ")[1:]:
        label, _, rest = part.partition("-----")
        body, end, _ = rest.partition(f"-----END {label}-----")
        yield label, body if end else ""


def _read(number: int, label: str, body: str) -> Authority:
    if label not in ("CERTIFICATE", "X509 CERTIFICATE"):
        raise NotCertificates(f"Block {number} of the text is not a certificate. {ONLY_CERTIFICATES}")
    try:
        found = x509.load_der_x509_certificate(base64.b64decode("".join(body.split()), validate=True))
        pem = found.public_bytes(Encoding.PEM)
        fingerprint = hashlib.sha256(found.public_bytes(Encoding.DER)).hexdigest()[:12]
        return Authority(_name_of(found), found.not_valid_after_utc, fingerprint, pem.decode())
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion):
        raise NotCertificates(f"Certificate {number} is damaged or incomplete. Copy the whole of it again.") from None


def _name_of(certificate: x509.Certificate) -> str:
    """The common name, else the whole subject, of printable characters."""
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = common[0].value if common else certificate.subject.rfc4514_string()
    shown = name if isinstance(name, str) else name.decode("utf-8", "replace")
    printable = "".join(each if each.isprintable() else " " for each in shown)
    return " ".join(printable.split())[:MAX_AUTHORITY_NAME] or "a certificate without a name"
