"""Makes the official client do as we want: our node, no retries of its own, and not a word on the screen."""

import logging
import warnings
from typing import TYPE_CHECKING

from workbench.config.profile import Profile
from workbench.engines.elasticsearch.failures import ClusterError

if TYPE_CHECKING:
    from elastic_transport import NodeConfig
    from elasticsearch import AsyncElasticsearch

CONNECTIONS = 10
"""Per node, at once."""


def make_client(profile: Profile, credential: dict[str, str]) -> "AsyncElasticsearch":
    """Make a client; blocks for as long as its import takes, and opens nothing.

    Args:
        profile: Whom to reach.
        credential: What `Credential.fetch` gave.

    Raises:
        ClusterError: An address is none.
    """
    from elasticsearch import AsyncElasticsearch
    from elasticsearch.exceptions import GeneralAvailabilityWarning

    from workbench.engines.elasticsearch.node import Node

    # Without a handler their warnings would go to the terminal; with one, what they say of requests to a file.
    for library in ("elastic_transport", "elasticsearch", "httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", category=GeneralAvailabilityWarning)
    return AsyncElasticsearch(
        hosts=_nodes(profile),
        node_class=Node,
        randomize_nodes_in_pool=False,
        max_retries=0,
        request_timeout=profile.timeout,
        headers={"x-opaque-id": "workbench", **credential},
    )


def _nodes(profile: Profile) -> "list[NodeConfig]":
    from elastic_transport import NodeConfig
    from elastic_transport.client_utils import parse_cloud_id, url_to_node_config

    from workbench.engines.elasticsearch.node import PROFILE

    try:
        if profile.hosts:
            nodes = [url_to_node_config(host, use_default_ports_for_scheme=True) for host in profile.hosts]
        else:
            address = parse_cloud_id(profile.cloud_id).es_address
            if address is None:
                raise ValueError("it names no Elasticsearch")
            nodes = [NodeConfig("https", *address)]
    except ValueError:  # Its text repeats the address, which may hold a password.
        raise ClusterError(
            f"The profile {profile.name} has {'an address' if profile.hosts else 'a cloud id'} that cannot be read.",
            "Write hosts as https://NAME:PORT, or copy cloud_id whole from the deployment's page.",
        ) from None
    if any(node.headers or node.scheme not in ("http", "https") for node in nodes):
        raise ClusterError(
            f"The addresses of the profile {profile.name} hold a password, or another scheme than http and https.",
            "Write hosts as https://NAME:PORT, and the credential into a key of its own.",
        )
    return [node.replace(connections_per_node=CONNECTIONS, _extras={PROFILE: profile}) for node in nodes]
