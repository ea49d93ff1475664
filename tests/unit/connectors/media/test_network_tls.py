"""The certificate is checked against the name in the URL while the connection goes to the pinned address."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.media.fetcher import MediaFetcher
from models.errors import MediaUnavailable
from tests.support.http_server import HttpServer, Reply
from tests.unit.connectors.media.pictures import MakeFetcher


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with key and self-signed certificate of ``media.example``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "media.example")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("media.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_server(certificate: Path, png: bytes) -> Iterator[HttpServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HttpServer(context) as running:
        running.routes["/a"] = Reply(png)
        yield running


def fetcher(make_fetcher: MakeFetcher) -> MediaFetcher:
    hosts = frozenset({"media.example", "other.example"})
    return make_fetcher(allowed_hosts=hosts, resolver=lambda host, port: ["127.0.0.1"])


def test_the_right_name(
    tls_server: HttpServer, certificate: Path, make_fetcher: MakeFetcher, monkeypatch: pytest.MonkeyPatch, png: bytes
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    path = fetcher(make_fetcher).fetch(f"https://media.example:{tls_server.port}/a")
    assert path.read_bytes() == png
    assert tls_server.seen[0].headers["host"] == f"media.example:{tls_server.port}"


def test_the_wrong_name(
    tls_server: HttpServer, certificate: Path, make_fetcher: MakeFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(MediaUnavailable, match="Hostname mismatch"):
        fetcher(make_fetcher).fetch(f"https://other.example:{tls_server.port}/a")
    assert tls_server.seen == []


def test_an_unknown_authority(tls_server: HttpServer, make_fetcher: MakeFetcher) -> None:
    with pytest.raises(MediaUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        fetcher(make_fetcher).fetch(f"https://media.example:{tls_server.port}/a")
