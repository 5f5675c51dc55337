"""Whose certificates are accepted, against real TLS servers; why one is not is said in words."""

import pytest

from smartagent.outbound import transports
from smartagent.outbound.client import send
from smartagent.outbound.errors import CertificateUntrusted, RequestRefused, Unreachable
from smartagent.outbound.tls import USUAL, Trust
from tests.certificates import Issuer, https_server

HOST = "127.0.0.1"
ROOT, OTHER, FALSE_ROOT = Issuer("Root"), Issuer("Other"), Issuer("Root")
MIDDLE = Issuer("Middle", ROOT)
SERVER, BELOW, ITSELF = Issuer("a", ROOT, host=HOST), Issuer("b", MIDDLE, host=HOST), Issuer("c", host=HOST)

UNTRUSTED_WORDS = ("not trusted", "self-signed", "not signed")


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def answer(folder, certificate, trust):
    with https_server(folder, certificate) as url:
        return send("GET", url, trust=trust).excerpt


@pytest.mark.parametrize(("certificate", "trust"), [
    (SERVER, Trust(authorities=ROOT.pem)), (SERVER, Trust(authorities=OTHER.pem + ROOT.pem)), (ITSELF, Trust(False)),
    (BELOW, Trust(authorities=ROOT.pem)), (BELOW, Trust(authorities=MIDDLE.pem)),
    (ITSELF, Trust(authorities=ITSELF.pem)), (SERVER, Trust(authorities=SERVER.pem)),
    (Issuer("d", ROOT, days=-1, host=HOST), Trust(False, OTHER.pem)),
])  # fmt: skip
def test_what_a_trusted_authority_has_signed_is_accepted(tmp_path, certificate, trust):
    assert answer(tmp_path, certificate, trust) == "ok"


@pytest.mark.parametrize(("certificate", "trust", "error"), [
    (SERVER, USUAL, "its TLS certificate is signed by an authority that is not trusted"),
    (ITSELF, USUAL, "its TLS certificate is self-signed"),
    (ITSELF, Trust(authorities=ROOT.pem), "its TLS certificate is self-signed"),
    (Issuer("d", ROOT, days=-1, host=HOST), Trust(authorities=ROOT.pem),
     "its TLS certificate, or one that signed it, has expired"),
    (Issuer("e", ROOT, host="127.0.0.2"), Trust(authorities=ROOT.pem), "its TLS certificate is for another name"),
    (SERVER, Trust(authorities=FALSE_ROOT.pem), "its TLS certificate is not signed by the trusted authority"),
    (Issuer("f", SERVER, host=HOST), Trust(authorities=ROOT.pem), "its TLS certificate is refused: "),
], ids=["unknown", "itself", "not of the root", "expired", "name", "forged", "by no authority"])  # fmt: skip
def test_another_certificate_is_refused_in_words(tmp_path, certificate, trust, error):
    with pytest.raises(Unreachable, match=f"^{HOST} could not be reached: {error}") as refused:
        answer(tmp_path, certificate, trust)
    assert isinstance(refused.value, CertificateUntrusted) == any(each in error for each in UNTRUSTED_WORDS)


def test_a_server_without_tls_is_said_to_be_one(httpserver):
    with pytest.raises(Unreachable, match=r"it does not speak TLS. An address with http:// would be without it.$"):
        send("GET", f"https://{HOST}:{httpserver.port}/")


def test_authorities_that_cannot_be_read_refuse_the_request_alone(httpserver, monkeypatch):
    for text in ("x", "é", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"):
        with pytest.raises(RequestRefused, match=r"The CA certificate cannot be read. Enter it again."):
            send("GET", httpserver.url_for("/"), trust=Trust(authorities=text))
    monkeypatch.setattr(transports, "MAX_TRANSPORTS", 2)
    httpserver.expect_request("/").respond_with_data("ok")
    for trust in [Trust(authorities=each.pem) for each in (ROOT, OTHER, SERVER)]:
        assert send("GET", httpserver.url_for("/"), trust=trust).excerpt == "ok"
    assert len(transports._transports) == 2
