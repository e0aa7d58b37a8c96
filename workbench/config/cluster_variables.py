"""The environment variables by which people name a cluster already, read as if they were a profile."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

NAME = "env"
"""The profile's."""
ADDRESSES = (
    "ELASTICSEARCH_URL", "ELASTIC_URL", "ES_URL", "ES_HOST", "ELASTICSEARCH_HOSTS", "ELASTIC_CLOUD_ID", "CLOUD_ID",
)  # fmt: skip
API_KEYS = ("ELASTIC_API_KEY", "ES_API_KEY", "ELASTICSEARCH_API_KEY")
LOGINS = ("ELASTIC", "ES", "ELASTICSEARCH")
"""What the names of a user and a password start with."""
CA_FILES = (
    "ELASTIC_CA_CERTS", "ES_CA_CERTS", "ELASTICSEARCH_CA_CERTS", "ELASTICSEARCH_SSL_CERTIFICATEAUTHORITIES",
)  # fmt: skip
DEFAULT_USER = "elastic"
"""The user whom a password alone belongs to."""


def variables_table(environ: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Find the first variable of each kind that is set.

    Returns:
        The address's variable, and the keys of a profile; empty when no address is set. A password and a key are
        there by their variable's name only.
    """
    address = _first(environ, ADDRESSES)
    if not address:
        return "", {}
    value = environ[address].strip()
    table: dict[str, Any] = {"cloud_id": value} if address.endswith("CLOUD_ID") else {"hosts": _hosts(value)}
    if ca_file := _first(environ, CA_FILES):
        table["ca_file"] = environ[ca_file]
    if any("@" in host for host in table.get("hosts", ())):
        return address, table  # The credentials are in the address.
    if key := _first(environ, API_KEYS):
        table["api_key_env"] = key
    elif password := _first(environ, (f"{login}_PASSWORD" for login in LOGINS)):
        table["user"] = environ.get(password.replace("PASSWORD", "USERNAME")) or DEFAULT_USER
        table["password_env"] = password
    return address, table


def _first(environ: Mapping[str, str], names: Iterable[str]) -> str:
    return next((name for name in names if environ.get(name, "").strip()), "")


def _hosts(value: str) -> list[str]:
    """One address, several with commas between, or a JSON list, as Kibana's containers take it."""
    try:
        listed = json.loads(value)
    except ValueError:
        listed = None
    if isinstance(listed, list) and all(isinstance(host, str) for host in listed):
        return listed
    return [host.strip() for host in value.split(",") if host.strip()]
