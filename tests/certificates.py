"""Authorities and HTTPS servers on loopback with certificates of theirs."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.receivers import raw_server, read_request

PEM = serialization.Encoding.PEM


@dataclass
class Issuer:
    """A key and its certificate, signed by `by`, else by itself."""

    name: str
    by: "Issuer | None" = None
    days: int = 90
    host: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        end = datetime.now(UTC) + timedelta(days=self.days)
        signer = self.by or self
        builder = (
            x509.CertificateBuilder().subject_name(_named(self.name)).issuer_name(_named(signer.name))
            .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=100)).not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=not self.host, path_length=None), critical=True)
        )  # fmt: skip
        if self.host:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(self.host))])
            builder = builder.add_extension(names, critical=False)
        self.certificate = builder.sign(signer.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()

    @property
    def private(self) -> str:
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(PEM, form, serialization.NoEncryption()).decode()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])


@contextmanager
def https_server(folder: Path, certificate: Issuer, body: bytes = b"ok") -> Iterator[str]:
    """Answers `body` with `certificate`, and those between it and the root; gives the address."""
    file, chain = folder / "server.pem", certificate.pem
    if certificate.by and certificate.by.by:
        chain += certificate.by.pem
    file.write_text(chain + certificate.private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            read_request(secured)
            secured.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with raw_server(answer) as address:
        yield address.replace("http:", "https:")
