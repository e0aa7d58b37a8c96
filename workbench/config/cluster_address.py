"""A cluster's address as people write it, made into a URL with scheme and port, the credentials taken out."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from urllib.parse import unquote, urlsplit

from workbench.config.secrets import Refuse

PORT = 9200
"""Where a server listens when an address names neither scheme nor port."""
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9_.:-]+")
_WANTED = "Write hosts as https://NAME:PORT, such as https://localhost:9200."


@dataclass(frozen=True)
class Address:
    """One host."""

    url: str
    """Scheme, host, port and perhaps a path; no credentials, no slash at the end."""
    user: str = ""
    password: str = field(default="", repr=False)


def read_address(text: str, refuse: Refuse) -> Address:
    """Read one host.

    Without a scheme it is https, or http on this machine, and the port is Elasticsearch's own; with a scheme the port
    is the scheme's.

    Raises:
        BadInputError: It is no address; what holds an @ is not repeated, as a password may be in it.
    """
    shown = "an address with credentials" if "@" in text else repr(text)
    try:
        parts = urlsplit(text.strip() if "://" in text else f"//{text.strip()}")
        host, port = parts.hostname or "", parts.port
        name = f"[{IPv6Address(host)}]" if ":" in host else host
    except ValueError:
        raise refuse(f"hosts: {shown} is not an address", _WANTED) from None
    scheme = parts.scheme or ("http" if is_loopback(host) else "https")
    if scheme not in _PORTS or not _HOST.fullmatch(host) or parts.query or parts.fragment or "@" in parts.path:
        raise refuse(f"hosts: {shown} is not an address", _WANTED)
    port = port or (_PORTS[scheme] if parts.scheme else PORT)
    url = f"{scheme}://{name}:{port}{parts.path.rstrip('/')}"
    return Address(url, unquote(parts.username or ""), unquote(parts.password or ""))


def is_loopback(host: str) -> bool:
    """Whether a host, without a port, is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
