"""What is said of the way to a cluster before anything is asked there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.engines.test_es_tls import served, written
from tests.fakes.broken_server import SOUND, broken_server
from workbench.config.profile import Profile
from workbench.domain.check import Verdict
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.reach import address, encryption

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def ca() -> trustme.CA:
    return trustme.CA()


async def checked(check: Callable[[Connection], Any], *hosts: str, **settings: Any) -> Any:
    connection = Connection(Profile("demo", hosts=hosts, **settings))
    try:
        return await check(connection)
    finally:
        await connection.close()


async def test_a_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:hunter2@proxy:3128")
    said = await checked(address, "https://cluster.invalid:9200")
    assert said.says == "https://cluster.invalid:9200: asked through the proxy proxy:3128, as the environment says"
    assert await checked(encryption, "https://cluster.invalid:9200") is None


async def test_a_proxy_before_one_host_keeps_no_other_from_being_checked(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    far = "https://cluster.invalid:9200"
    async with broken_server(SOUND, tls=served(ca.issue_cert("127.0.0.1"), tmp_path)) as server:
        said = await checked(address, far, server.url)
        assert f"{server.url} (127.0.0.1) can be reached; {far}: asked through the proxy proxy:3128" in said.says
        said = await checked(encryption, far, server.url)
        assert said.verdict is Verdict.FAILED and f"certificate of {server.url} is not trusted" in said.says
        ca_file = written(tmp_path / "ca.pem", ca.cert_pem)
        assert (await checked(encryption, far, server.url, ca_file=ca_file)).verdict is Verdict.OK
    said = await checked(address, far, "https://127.0.0.1:1")
    assert said.verdict is Verdict.REMARK and "others cannot be reached: Nothing listens" in said.says
    assert await checked(encryption, far, "https://127.0.0.1:1") is None


async def test_no_proxy_stands_before_this_machine(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    ca_file = written(tmp_path / "ca.pem", ca.cert_pem)
    async with broken_server(SOUND, tls=served(ca.issue_cert("localhost"), tmp_path)) as server:
        host = server.url.replace("127.0.0.1", "localhost")
        assert "can be reached" in (await checked(address, host, ca_file=ca_file)).says
        said = await checked(encryption, host, ca_file=ca_file)
    assert said.verdict is Verdict.OK and "the certificate is trusted" in said.says


async def test_of_several_hosts_the_certificate_that_ends_first_is_told(ca: trustme.CA, tmp_path: Path) -> None:
    soon, late = (datetime.now(UTC) + timedelta(days=days) for days in (3, 300))
    leaves = [ca.issue_cert("127.0.0.1", not_after=end) for end in (soon, late)]
    ca_file = written(tmp_path / "ca.pem", ca.cert_pem)
    async with (
        broken_server(SOUND, tls=served(leaves[0], tmp_path)) as first,
        broken_server(SOUND, tls=served(leaves[1], tmp_path)) as second,
    ):
        said = await checked(encryption, first.url, second.url, ca_file=ca_file)
    assert said.verdict is Verdict.REMARK and f"ends on {soon:%Y-%m-%d}" in said.says
