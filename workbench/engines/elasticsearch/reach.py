"""Whether a cluster's address leads anywhere, before anything is asked there: names, ports, certificates."""

import asyncio
import socket
import ssl
import time
from urllib.parse import SplitResult, urlsplit

from workbench.config.profile import Profile
from workbench.config.profile_keys import sent_in_clear
from workbench.domain.check import Check, failed, ok, remark
from workbench.engines.elasticsearch.client import addresses
from workbench.engines.elasticsearch.connection import Connection
from workbench.engines.elasticsearch.node import proxy_before
from workbench.engines.elasticsearch.tls import trust
from workbench.engines.elasticsearch.unanswered import Attempt, unanswered

PATIENCE = 10.0
"""Seconds to wait for a connection, if the profile does not wait less long."""
SOON = 14 * 24 * 3600.0
"""Seconds before its end from which a certificate is remarked on."""


async def address(connection: Connection) -> Check:
    """Look up every host that no proxy stands before, and connect to it; one that can be connected to is enough."""
    reached, problems, proxied = [], [], []
    for url in addresses(connection.profile):
        if proxy := proxy_before(url):
            proxied.append(f"{url}: asked through the proxy {proxy}, as the environment says")
            continue
        try:
            reached.append(f"{url} ({await _connect(urlsplit(url), _patience(connection))})")
        except OSError as error:
            problems.append(_words(error, url, connection))
    if not reached and not proxied:
        return failed("address", " ".join(one for one, _ in problems), problems[0][1], unreachable=True)
    says = "; ".join([*[f"{', '.join(reached)} can be reached"] * bool(reached), *proxied])
    if problems:
        return remark("address", f"{says}; others cannot be reached: {problems[0][0]}", problems[0][1])
    return remark("address", says) if proxied else ok("address", says)


async def encryption(connection: Connection) -> Check | None:
    """Shake hands as the profile says whom to trust, with each host before which is no proxy; None if none answers."""
    profile = connection.profile
    hosts = [url for url in addresses(profile) if not proxy_before(url)]
    if not hosts:
        return None
    if sent_in_clear(profile):
        return remark(
            "TLS", "none: the credentials go over the network in clear", "Use https:// in the profile's hosts."
        )
    shaken: list[tuple[float, str]] = []
    for url in hosts:
        if urlsplit(url).scheme == "http":
            continue
        try:
            shaken.append(await _shake(profile, urlsplit(url), _patience(connection)))
        except (socket.gaierror, ConnectionRefusedError):
            continue  # Told by the check before; another host can be reached.
        except OSError as error:
            return failed("TLS", *_words(error, url, connection), unreachable=True)
    if not shaken:
        plain = all(urlsplit(url).scheme == "http" for url in hosts)
        return ok("TLS", "none: plain http") if plain else None
    until, says = min(shaken)
    if not profile.verify:
        hint = "Give the profile ca_file or fingerprint, and take verify = false out."
        return remark("TLS", f"{says}; the certificate is NOT checked: anybody in between can read along", hint)
    day = time.strftime("%Y-%m-%d", time.gmtime(until))
    if until - time.time() < SOON:
        return remark("TLS", f"{says}; the certificate ends on {day}", "Have it renewed.")
    return ok("TLS", f"{says}; the certificate is trusted, until {day}")


def _patience(connection: Connection) -> float:
    return min(PATIENCE, connection.profile.timeout)


async def _connect(url: SplitResult, patience: float) -> str:
    """Connect and let go again.

    Returns:
        The IP address.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(patience):
        found = await loop.getaddrinfo(url.hostname, url.port, type=socket.SOCK_STREAM)
        problem: OSError = ConnectionRefusedError()
        for ip in dict.fromkeys(str(one[4][0]) for one in found):
            try:
                _, writer = await asyncio.open_connection(ip, url.port)
            except OSError as error:
                problem = error
            else:
                writer.close()
                return ip
    raise problem


async def _shake(profile: Profile, url: SplitResult, patience: float) -> tuple[float, str]:
    """Returns when the certificate ends, 0 when nobody looks at it, and the version of TLS."""
    host, port = url.hostname or "", url.port or 443
    async with asyncio.timeout(patience):
        context = await trust(profile, host, port)
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    shaken = writer.get_extra_info("ssl_object")
    writer.close()
    certificate = shaken.getpeercert()
    return ssl.cert_time_to_seconds(certificate["notAfter"]) if certificate else 0.0, str(shaken.version())


def _words(error: OSError, url: str, connection: Connection) -> tuple[str, str]:
    if isinstance(error, TimeoutError):
        return f"{url} does not answer.", "Check host and port, and whether a firewall or a missing VPN is in the way."
    said = unanswered(error, Attempt(url, "connect", _patience(connection), sent=False, status=None))
    return said.message, said.hint
