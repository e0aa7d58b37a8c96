import asyncio
import hashlib
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.fakes.broken_server import NOTHING, SOUND, broken_server
from workbench.config.profile import Profile
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.failures import ClusterError


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA(organization_name="demo")


@pytest.fixture(scope="module")
def certificate(ca: trustme.CA) -> trustme.LeafCert:
    return ca.issue_cert("127.0.0.1", "localhost")


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> str:
    return written(tmp_path / "ca.pem", ca.cert_pem)


def written(path: Path, *blobs: trustme.Blob) -> str:
    path.write_bytes(b"".join(blob.bytes() for blob in blobs))
    return str(path)


def served(leaf: trustme.LeafCert, folder: Path, above: Sequence[trustme.CA] = ()) -> ssl.SSLContext:
    """A server's context that presents a certificate, and the CAs above it."""
    chain = [leaf.private_key_pem, *leaf.cert_chain_pems, *(one.cert_pem for one in above)]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(written(folder / f"served-{id(leaf)}.pem", *chain))
    return context


def fingerprint(blob: trustme.Blob) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(blob.bytes().decode())).hexdigest()


def with_colons(plain: str) -> str:
    return ":".join(plain[at : at + 2].upper() for at in range(0, len(plain), 2))


async def ask(url: str, **settings: Any) -> None:
    asked = Connection(Profile("demo", hosts=(url,), timeout=10.0, **settings))
    try:
        assert (await asked.ask("first stage", "POST", "/d/_search", {}, retry=False)).body["took"] == 3
    finally:
        await asked.close()


async def failure(url: str, **settings: Any) -> ClusterError:
    with pytest.raises(ClusterError) as caught:
        await ask(url, **settings)
    return caught.value


async def test_a_ca_file_is_trusted(certificate: trustme.LeafCert, ca_file: str, tmp_path: Path) -> None:
    async with broken_server(SOUND, tls=served(certificate, tmp_path)) as server:
        await ask(server.url, ca_file=ca_file)
        await ask(server.url.replace("127.0.0.1", "localhost"), ca_file=ca_file)


async def test_an_unknown_ca_is_not_trusted(certificate: trustme.LeafCert, tmp_path: Path) -> None:
    async with broken_server(SOUND, tls=served(certificate, tmp_path)) as server:
        failed = await failure(server.url)
    assert server.requests == []
    assert failed.message.startswith(f"The certificate of {server.url} is not trusted: unable to get local issuer")
    assert "ca_file" in failed.hint
    assert "fingerprint" in failed.hint


async def test_another_ca_is_not_trusted(certificate: trustme.LeafCert, tmp_path: Path) -> None:
    other = written(tmp_path / "other.pem", trustme.CA().cert_pem)
    async with broken_server(SOUND, tls=served(certificate, tmp_path)) as server:
        assert "is not trusted" in (await failure(server.url, ca_file=other)).message


async def test_without_verification_anything_is_trusted(certificate: trustme.LeafCert, tmp_path: Path) -> None:
    async with broken_server(SOUND, tls=served(certificate, tmp_path)) as server:
        await ask(server.url, verify=False)


async def test_a_certificate_for_another_name_is_told(ca: trustme.CA, ca_file: str, tmp_path: Path) -> None:
    leaf = ca.issue_cert("es.example.org")
    async with broken_server(SOUND, tls=served(leaf, tmp_path)) as server:
        failed = await failure(server.url, ca_file=ca_file)
    assert "is for another name" in failed.message
    assert "127.0.0.1" in failed.message
    assert "fingerprint" in failed.hint


async def test_a_certificate_that_ended_is_told(ca: trustme.CA, ca_file: str, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    leaf = ca.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    async with broken_server(SOUND, tls=served(leaf, tmp_path)) as server:
        failed = await failure(server.url, ca_file=ca_file)
    assert "certificate has expired" in failed.message
    assert "clock" in failed.hint


@pytest.mark.parametrize("spelling", [str, with_colons, str.upper])
async def test_the_fingerprint_of_the_leaf_is_enough(
    certificate: trustme.LeafCert, tmp_path: Path, spelling: Any
) -> None:
    async with broken_server(SOUND, tls=served(certificate, tmp_path)) as server:
        await ask(server.url, fingerprint=spelling(fingerprint(certificate.cert_chain_pems[0])))


async def test_the_fingerprint_of_the_ca_is_enough(
    ca: trustme.CA, certificate: trustme.LeafCert, tmp_path: Path
) -> None:
    async with broken_server(SOUND, tls=served(certificate, tmp_path, [ca])) as server:
        await ask(server.url, fingerprint=fingerprint(ca.cert_pem))


async def test_the_fingerprint_of_a_ca_in_between_is_enough(ca: trustme.CA, tmp_path: Path) -> None:
    between = ca.create_child_ca()
    leaf = between.issue_cert("node-1")
    async with broken_server(SOUND, tls=served(leaf, tmp_path)) as server:
        await ask(server.url, fingerprint=fingerprint(between.cert_pem))


async def test_a_ca_that_is_not_presented_may_be_in_the_ca_file(
    ca: trustme.CA, certificate: trustme.LeafCert, ca_file: str, tmp_path: Path
) -> None:
    async with broken_server(SOUND, tls=served(certificate, tmp_path)) as server:
        assert "No certificate" in (await failure(server.url, fingerprint=fingerprint(ca.cert_pem))).message
        await ask(server.url, fingerprint=fingerprint(ca.cert_pem), ca_file=ca_file)


async def test_a_ca_that_is_presented_but_did_not_sign_gains_nothing(ca: trustme.CA, tmp_path: Path) -> None:
    forged = trustme.CA(organization_name="demo").issue_cert("127.0.0.1")
    async with broken_server(SOUND, tls=served(forged, tmp_path, [ca])) as server:
        failed = await failure(server.url, fingerprint=fingerprint(ca.cert_pem))
    assert server.requests == []
    assert "is not trusted" in failed.message


async def test_a_fingerprint_that_nothing_has_shows_what_was_presented(
    ca: trustme.CA, certificate: trustme.LeafCert, tmp_path: Path
) -> None:
    async with broken_server(SOUND, tls=served(certificate, tmp_path, [ca])) as server:
        failed = await failure(server.url, fingerprint="ab" * 32)
    assert server.requests == []
    assert f"No certificate of {server.url} has the profile's fingerprint" in failed.message
    assert fingerprint(certificate.cert_chain_pems[0]) in failed.message
    assert fingerprint(ca.cert_pem) in failed.message
    assert "ca_file" in failed.hint


async def test_a_certificate_that_was_renewed_is_found_by_its_ca_again(ca: trustme.CA, tmp_path: Path) -> None:
    def bundle(name: str, leaf: trustme.LeafCert) -> str:
        return written(tmp_path / name, leaf.private_key_pem, *leaf.cert_chain_pems)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    first, second = ca.issue_cert("127.0.0.1"), ca.issue_cert("127.0.0.1")
    context.load_cert_chain(bundle("first.pem", first))
    async with broken_server(NOTHING, SOUND, tls=context) as server:
        settings: dict[str, Any] = {"fingerprint": fingerprint(first.cert_chain_pems[0]), "hosts": (server.url,)}
        asked = Connection(Profile("demo", **settings))
        with pytest.raises(ClusterError, match="closed the connection"):
            await asked.ask("first stage", "POST", "/d/_search", {}, retry=False)
        context.load_cert_chain(bundle("second.pem", second))
        with pytest.raises(ClusterError, match="is not trusted"):
            await asked.ask("first stage", "POST", "/d/_search", {}, retry=False)
        with pytest.raises(ClusterError, match=fingerprint(second.cert_chain_pems[0])):
            await asked.ask("first stage", "POST", "/d/_search", {}, retry=False)
        context.load_cert_chain(bundle("first.pem", first))
        await asked.ask("first stage", "POST", "/d/_search", {}, retry=False)
        await asked.close()


@pytest.mark.parametrize("apart", [True, False])
async def test_a_client_certificate_is_shown(
    ca: trustme.CA, certificate: trustme.LeafCert, ca_file: str, tmp_path: Path, apart: bool
) -> None:
    own = ca.issue_cert("client@example.org")
    key = written(tmp_path / "key.pem", own.private_key_pem) if apart else ""
    cert = written(tmp_path / "cert.pem", *own.cert_chain_pems, *([] if apart else [own.private_key_pem]))
    context = served(certificate, tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    ca.configure_trust(context)
    pinned = fingerprint(certificate.cert_chain_pems[0])
    async with broken_server(SOUND, tls=context) as server:
        await ask(server.url, ca_file=ca_file, client_cert=cert, client_key=key)
        await ask(server.url, fingerprint=pinned, client_cert=cert, client_key=key)
        failed = await failure(server.url, ca_file=ca_file)
    assert "client_cert and client_key" in failed.hint


async def test_a_ca_file_that_is_missing_or_no_certificate_is_told(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")
    for path in (tmp_path / "missing.pem", rubbish):
        failed = await failure("https://127.0.0.1:1", ca_file=str(path))
        assert failed.message.startswith(f"The CA file {path} cannot be used: ")
        assert "PEM" in failed.hint


async def test_a_client_key_with_a_password_is_told_without_asking_for_it(ca: trustme.CA, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    own = ca.issue_cert("client@example.org")
    private = load_pem_private_key(own.private_key_pem.bytes(), None)
    locked = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hush"))
    (tmp_path / "key.pem").write_bytes(locked)
    cert = written(tmp_path / "cert.pem", *own.cert_chain_pems)
    failed = await failure("https://127.0.0.1:1", client_cert=cert, client_key=str(tmp_path / "key.pem"))
    assert "cannot be used" in failed.message
    assert "the key has no password" in failed.hint


@pytest.mark.parametrize("pin", ["", "ab" * 32])
async def test_https_to_a_port_of_plain_http_is_told(pin: str) -> None:
    async with broken_server(SOUND) as server:
        url = server.url.replace("http://", "https://")
        failed = await failure(url, fingerprint=pin)
    assert failed.message == f"{url} does not speak TLS."
    assert f"Is it {server.url}?" in failed.hint


async def test_http_to_a_port_of_https_is_told(certificate: trustme.LeafCert, tmp_path: Path) -> None:
    async with broken_server(SOUND, tls=served(certificate, tmp_path)) as server:
        failed = await failure(server.url.replace("https://", "http://"))
    assert server.url in failed.hint
    assert "If it wants TLS" in failed.hint


async def test_a_cancelled_search_over_tls_is_cancelled_on_the_wire(
    certificate: trustme.LeafCert, ca_file: str, tmp_path: Path
) -> None:
    from tests.fakes.broken_server import SILENCE

    async with broken_server(SILENCE, tls=served(certificate, tmp_path)) as server:
        task = asyncio.ensure_future(ask(server.url, ca_file=ca_file))
        await server.asked.wait()
        task.cancel()
        await asyncio.wait_for(server.left.wait(), 5)
        with pytest.raises(asyncio.CancelledError):
            await task
