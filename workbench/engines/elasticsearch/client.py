"""Makes the official client do as we want: our node, no retries of its own, and not a word on the screen."""

import logging
import warnings
from typing import TYPE_CHECKING

from workbench.config.cluster_address import read_address
from workbench.config.profile import Profile
from workbench.domain.errors import BadInputError

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
        BadInputError: As `addresses`.
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


def addresses(profile: Profile) -> tuple[str, ...]:
    """Where a profile leads: URLs with scheme and port.

    Raises:
        BadInputError: Its cloud id leads nowhere.
    """
    if profile.hosts:
        return profile.hosts
    from elastic_transport.client_utils import parse_cloud_id

    def refuse(*_: str) -> BadInputError:
        hint = "Copy cloud_id whole from the deployment's page in Elastic Cloud."
        return BadInputError(f"The profile {profile.name} has a cloud id that cannot be read.", hint)

    try:
        host, port = parse_cloud_id(profile.cloud_id).es_address or ("", 0)
    except ValueError:
        raise refuse() from None
    return (read_address(f"https://{host}:{port}", refuse).url,)


def _nodes(profile: Profile) -> "list[NodeConfig]":
    from elastic_transport.client_utils import url_to_node_config

    from workbench.engines.elasticsearch.node import PROFILE

    nodes = [url_to_node_config(url) for url in addresses(profile)]
    return [node.replace(connections_per_node=CONNECTIONS, _extras={PROFILE: profile}) for node in nodes]
