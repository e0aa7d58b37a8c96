"""Measures our own part of a search on a cluster: everything beyond the wire, against a server that answers at once.

python -m tests.benchmarks.cluster [--runs 200] [--depth 30] [--characters 3000]
"""

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

import httpx

from tests.fakes.elastic import fake_elastic
from tests.faults import SECRET, session_of
from workbench.config.profile import Profile
from workbench.config.secrets import in_clear
from workbench.domain.comparison import Comparison
from workbench.domain.documents import Document
from workbench.services.session import Session

QUERY = "prune an apple tree"


async def once(session: Session) -> Comparison:
    """One search with both lists."""
    (*_, comparison) = [stage async for stage in session.compare(QUERY)]
    assert comparison.reranked and not comparison.error, comparison.error
    return comparison


async def measure(runs: int, depth: int, characters: int) -> dict[str, list[float]]:
    """Milliseconds of each run, by what they are."""
    text = "apple tree and other words to read "
    documents = [Document.of(f"d{n}", f"Apple tree {n}", (text * characters)[:characters]) for n in range(depth)]
    found: dict[str, list[float]] = {"on the wire": [], "ours": []}
    with fake_elastic(documents) as server, tempfile.TemporaryDirectory() as name:
        profile = Profile(
            "fast", (server.url,), api_key=in_clear("api_key", SECRET, "test"), index="articles", endpoint="my-reranker"
        )
        async with session_of(profile, Path(name)) as session:
            await session.open("fast:")
            _ = [status async for status in session.ready_model()]
            session.tune(session.tuning.given("depth", depth))
            recorded = await once(session)
            # From now on both searches get the answer they got: the fake's own work is none of what is measured.
            headers = {"content-type": "application/json", "authorization": f"ApiKey {SECRET}"}
            async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
                first, second = [
                    (await client.post(exchange.path, content=exchange.body)).json()
                    for exchange in recorded.exchanges[-2:]
                ]
            for run in range(runs + 10):
                server.mend()
                server.fail("/_search", status=200, body=first, times=1)
                server.fail("/_search", status=200, body=second)
                comparison = await once(session)
                wire = sum(exchange.wall_ms for exchange in comparison.exchanges)
                if run >= 10:
                    found["on the wire"].append(wire)
                    found["ours"].append(comparison.latency.total - wire)
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--characters", type=int, default=3000, help="of each document")
    options = parser.parse_args()
    found = asyncio.run(measure(options.runs, options.depth, options.characters))
    print(f"{options.runs} comparisons of {options.depth} documents of {options.characters:,} characters, per search")
    for name, times in found.items():
        times = [time / 2 for time in times]
        cuts = statistics.quantiles(times, n=20)
        print(f"{name:<12} p50 {cuts[9]:6.2f} ms   p95 {cuts[18]:6.2f} ms")


if __name__ == "__main__":
    main()
