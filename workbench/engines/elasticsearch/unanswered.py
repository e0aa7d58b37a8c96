"""Why there was no whole answer: what failed below the requests, in words."""

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from workbench.domain.text import single_line
from workbench.engines.elasticsearch.failures import ClusterError, clause, page_title
from workbench.engines.elasticsearch.json_values import members
from workbench.engines.elasticsearch.tls import FingerprintError

_PLAIN = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "UNSUPPORTED_PROTOCOL",
)
"""How OpenSSL names a peer that does not speak TLS."""
_OWN_CERTIFICATE = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "ALERT_UNKNOWN_CA", "BAD_CERTIFICATE", "ACCESS_DENIED")
_HOSTNAME = (62, 64)
_DATES = (9, 10)
_BETWEEN = "Is a proxy or a login page in between? Ask it with curl to see what it says."
_CLIENT_CERTIFICATE = "Set client_cert and client_key in the profile."
_TRUST = (
    "Give the profile its CA as ca_file, or as fingerprint the SHA-256 that Elasticsearch showed at its first start."
)


@dataclass(frozen=True)
class Attempt:
    """What is known of a request that failed."""

    node: str
    """Address without credentials."""
    asked: str
    """Method and path, for the log."""
    patience: float
    """Seconds it was given."""
    sent: bool
    status: int | None
    """When the head of an answer came in."""
    text: str = ""
    """What came in, once it was read to its end."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what caused it, and what caused that; groups opened."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen or isinstance(one, ssl.SSLWantReadError):  # The latter only says to read on.
            continue
        seen.add(id(one))
        yield one
        # httpcore suppresses the context of what it raises, which is the very thing to be known.
        waiting += [further for further in (one.__cause__, one.__context__) if further]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


class _Words(NamedTuple):
    message: str
    hint: str
    passing: bool = False


def unanswered(error: Exception, attempt: Attempt) -> ClusterError:
    """Put an exchange that did not come to its end into words."""
    chain = list(causes(error))
    words = _timeout(chain, attempt) or _tls(chain, attempt.node) or _network(chain, attempt) or _cut(chain, attempt)
    names = " < ".join(type(one).__name__ for one in chain[:4])
    status = attempt.status or "no answer"
    return ClusterError(words.message, words.hint, f"{status} ({names}): {attempt.asked}", passing=words.passing)


def _timeout(chain: list[BaseException], attempt: Attempt) -> _Words | None:
    from elastic_transport import ConnectionTimeout

    if not isinstance(chain[0], ConnectionTimeout):
        return None
    node, seconds = attempt.node, f"{attempt.patience:g} s"
    if attempt.status is not None:
        hint = "Ask for less, or raise the profile's timeout."
        return _Words(f"The answer of {node} was not complete after {seconds}.", hint)
    if attempt.sent:
        hint = "It may be busy, or a model may be loading: raise the profile's timeout, or use less depth."
        return _Words(f"{node} took the request and did not answer within {seconds}.", hint)
    return _Words(f"{_first(node)} does not accept a connection in time.", "Check host and port, VPN and firewall.")


def _tls(chain: list[BaseException], node: str) -> _Words | None:
    for error in chain:
        if isinstance(error, ssl.SSLCertVerificationError):
            wrong = clause(error.verify_message)
            if error.verify_code in _HOSTNAME:
                hint = "Use the name that the certificate holds, or give the profile the certificate's fingerprint."
                return _Words(f"The certificate of {node} is for another name: {wrong}.", hint)
            hint = "Renew it, or check this machine's clock." if error.verify_code in _DATES else _TRUST
            return _Words(f"The certificate of {node} is not trusted: {wrong}.", hint)
    reason = next((error.reason or "" for error in chain if isinstance(error, ssl.SSLError)), "")
    if any(name in reason for name in _PLAIN):
        hint = f"Is it {node.replace('https://', 'http://', 1)}? Then write http:// into the profile's hosts."
        return _Words(f"{node} does not speak TLS.", hint)
    if any(name in reason for name in _OWN_CERTIFICATE):
        return _Words(f"{node} does not accept this client's certificate, or misses one.", _CLIENT_CERTIFICATE)
    if reason and reason != "UNEXPECTED_EOF_WHILE_READING":
        return _Words(f"TLS with {node} failed: {reason.replace('_', ' ').lower()}.", _TRUST)
    return None


def _network(chain: list[BaseException], attempt: Attempt) -> _Words | None:
    import httpx
    from elastic_transport import SerializationError

    from workbench.engines.elasticsearch.node import TooLargeError

    node = attempt.node
    for error in chain:
        match error:
            case socket.gaierror():
                hint = "Check its spelling, the network, and whether a VPN is needed."
                return _Words(f"The host name of {_first(node)} is not known.", hint)
            case ConnectionRefusedError():
                hint = "Is Elasticsearch running there? Check host and port."
                return _Words(f"Nothing listens at {_first(node)}.", hint, passing=True)
            case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH):
                hint = "Check the network, VPN and firewall."
                return _Words(f"There is no way through the network to {_first(node)}.", hint)
            case FingerprintError():
                return _Words(
                    f"No certificate of {node} has the profile's fingerprint; presented were (SHA-256) {error}.",
                    "If you know one of these to be right, write it into the profile; "
                    "for a CA that the server does not present, use ca_file.",
                )
            case httpx.ProxyError():
                hint = "Check HTTPS_PROXY, or put the host into NO_PROXY."
                return _Words(f"The proxy before {node} refused: {clause(single_line(str(error), 80))}.", hint)
            case ImportError():
                hint = "Install the package socksio beside workbench, or put the host into NO_PROXY."
                return _Words("The environment names a SOCKS proxy, for which a package is missing.", hint)
            case TooLargeError():
                hint = "Use less depth, or let the profile name fewer and shorter fields."
                return _Words(f"The answer of {node} is too large: {error}. The rest was not read.", hint)
            case SerializationError() | RecursionError():
                return _Words(f"{node} answered {_instead(attempt.text)}.", _BETWEEN)
            case httpx.DecodingError():
                return _Words(f"The answer of {node} is compressed in a way that cannot be undone.", _BETWEEN)
            case ValueError():
                hint = "Check the profile's hosts, and HTTPS_PROXY and its like."
                return _Words(f"The address {node}, or the proxy before it, is not one that can be used.", hint)
    return None


def _cut(chain: list[BaseException], attempt: Attempt) -> _Words:
    """The connection broke; what can be said of when."""
    node = attempt.node
    if attempt.status is not None:
        hint = "Try again; a proxy in between may cut long answers."
        return _Words(f"The connection to {node} was cut in the middle of the answer.", hint, passing=True)
    other = f"If it wants TLS, write {node.replace('http://', 'https://', 1)} into the profile's hosts."
    if node.startswith("https://"):
        other = f"If it wants a client certificate: {_CLIENT_CERTIFICATE}"
    if any("illegal" in str(error) for error in chain):
        return _Words(f"{node} does not answer in HTTP.", f"Check the port. {other}")
    if attempt.sent:
        message = f"{node} closed the connection without an answer."
        return _Words(message, f"A node may be restarting: try again. {other}", passing=True)
    return _Words(f"No connection with {_first(node)} could be made.", f"Check host and port. {other}", passing=True)


def _first(node: str) -> str:
    """Whom the connection is made to: the node, or the environment's proxy before it."""
    from workbench.engines.elasticsearch.node import proxy_before

    proxy = proxy_before(node)
    return f"the proxy {proxy} before {node}" if proxy else node


def another_product(body: Any, node: str, asked: str) -> ClusterError:
    """Say that who answers is not Elasticsearch, and who it is, where it tells."""
    version = members(members(body).get("version"))
    name = single_line(f"{version.get('distribution', '')} {version.get('number', '')}", 60).strip()
    who = name if version.get("distribution") else "something that is not Elasticsearch"
    if isinstance(body, str) and (title := page_title(body)):
        who = f"{who} (“{title}”)"
    return ClusterError(
        f"At {node} answers {who}.",
        "workbench needs Elasticsearch; check host, port and path, and whether a proxy or a login page is in between.",
        f"no product header: {asked}",
    )


def _instead(text: str) -> str:
    """What stands where JSON should."""
    head = text[:1000].strip()
    if not head:
        return "with an empty page"
    if head.startswith(("{", "[")):
        return "with JSON that is damaged, or breaks off"
    return f"with something that is not JSON: “{page_title(text)}”"
