"""Certificates of authorities: one form whatever is around them, and refusals that quote nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartagent.kernel.certificates import NotCertificates, authorities_in, authorities_in_words, canonical_pem
from tests.certificates import Issuer

FIRST, SECOND = Issuer("First CA"), Issuer("Second\x1b[31m\nCA")
LINES = FIRST.pem.splitlines()


@pytest.mark.parametrize(("text", "kept"), [
    ("", ""), (" \r\n", ""), (FIRST.pem, FIRST.pem), (FIRST.pem * 2, FIRST.pem),
    (FIRST.pem + SECOND.pem, FIRST.pem + SECOND.pem),
    (f"subject=First CA\n  {FIRST.pem.replace(chr(10), chr(13) + chr(10) + '    ')}after", FIRST.pem),
    (FIRST.pem.replace("CERTIFICATE", "X509 CERTIFICATE"), FIRST.pem),
])  # fmt: skip
def test_certificates_are_kept_alone(text, kept):
    assert canonical_pem(text) == kept
    assert canonical_pem(kept) == kept


@pytest.mark.parametrize(("text", "error"), [
    ("secret words", "No certificate was found. Enter only certificates"),
    (FIRST.private, "A private key stays with its server"), (FIRST.pem + FIRST.private, "A private key stays with"),
    (FIRST.private.lower(), "A private key stays with its server"),
    (FIRST.pem.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "Block 1 of the text is not a certificate."),
    ("-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----", "Certificate 1 is damaged or incomplete."),
    (FIRST.pem + "\n".join(LINES[:-1]), "Certificate 2 is damaged or incomplete."),
    (FIRST.pem.replace(LINES[3], ""), "Certificate 1 is damaged or incomplete."),
    ("-----BEGIN CERTIFICATE-----" * 2500, "At most 64,000 characters; this text has 67,500."),
    ("-----BEGIN CERTIFICATE-----\n\ud800\x00é", "Certificate 1 is damaged or incomplete."),
])  # fmt: skip
def test_what_is_no_certificate_is_refused_and_not_quoted(text, error):
    with pytest.raises(NotCertificates) as refused:
        canonical_pem(text)
    assert str(refused.value).startswith(error)
    assert not any(line in str(refused.value) for line in FIRST.private.splitlines()[1:-1])
    assert authorities_in_words(text) == "unreadable"


def test_names_are_shown_in_printable_characters():
    (found,) = authorities_in(SECOND.pem)
    assert (found.name, authorities_in_words("")) == ("Second [31m CA", "none")
    assert authorities_in_words(SECOND.pem).startswith("Second [31m CA until ")


@given(st.lists(st.sampled_from([*LINES, FIRST.pem, "-----BEGIN ", "-----END CERTIFICATE-----", "\n"]) | st.text()))
def test_any_text_is_certificates_or_refused(parts):
    try:
        kept = canonical_pem("".join(parts))
    except NotCertificates:
        return
    assert kept in ("", FIRST.pem)
