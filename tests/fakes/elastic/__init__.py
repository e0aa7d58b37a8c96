"""A scripted Elasticsearch over real HTTP on loopback: it answers, and refuses, as the named version does.

    with fake_elastic(documents, version="9.2.0") as server:
        httpx.get(server.url)
        server.fail("/_search", status=503, times=2)
        server.cluster.stage = "starting"

Where to look: `server` (HTTP and faults), `routes` (what there is to ask), `cluster` (state), `versions` (who knows
what), `searching`, `retrievers`, `fusion`, `queries`, `shard` (search), `fetch` (what a hit shows), `indices` (indices
and documents), `inference` (endpoints), `lifecycle` (the model), `accounts` (licence, users), `refusals` (errors).
"""

from tests.fakes.elastic.cluster import Auth, Cluster, Endpoint, Index
from tests.fakes.elastic.server import Asked, FakeElastic, Fault, fake_elastic

__all__ = ["Asked", "Auth", "Cluster", "Endpoint", "FakeElastic", "Fault", "Index", "fake_elastic"]
