"""One way to the web for everything that models need: a client that gives up in time, and failures in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from workbench.domain.errors import ModelUnavailableError
from workbench.domain.text import single_line

if TYPE_CHECKING:
    import httpx

PATIENCE = 10.0
"""Seconds that a server may stay silent; also the longest that a stop can take."""


def open_client() -> "httpx.Client":
    """A client that follows no redirects.

    Raises:
        ModelUnavailableError: What the environment says of proxies or certificates cannot be used.
    """
    import httpx

    try:
        # Compressed bodies could not be resumed, nor their sizes compared.
        return httpx.Client(timeout=PATIENCE, headers={"Accept-Encoding": "identity"})
    except (ImportError, ValueError, OSError) as error:
        raise ModelUnavailableError("the proxy or certificate settings cannot be used", detail=repr(error)) from error


def host_of(url: str) -> str:
    """Without credentials that an address may hold."""
    try:
        return single_line(urlsplit(url).netloc.rpartition("@")[2], 80) or "the server"
    except ValueError:
        return "the server"


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what the network does into what a person can read."""
    import httpx

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ModelUnavailableError(_reason(error), detail=repr(error)) from error


def _reason(error: Exception) -> str:
    import socket
    import ssl

    import httpx

    causes: list[BaseException] = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    try:
        host = host_of(str(error.request.url)) if isinstance(error, httpx.RequestError) else "the server"
    except RuntimeError:
        host = "the server"
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes):
        return f"the certificate of {host} is not trusted"
    if any(isinstance(each, ssl.SSLError) for each in causes):
        return f"no secure connection to {host}"
    if any(isinstance(each, socket.gaierror) for each in causes):
        return f"the name {host} cannot be resolved"
    if isinstance(error, httpx.TimeoutException):
        return f"{host} does not answer"
    if isinstance(error, httpx.ProxyError):
        return "the proxy refuses the connection"
    if isinstance(error, httpx.ConnectError):
        return f"{host} cannot be reached"
    return f"the connection to {host} broke"
