"""Who answers, and what its version can: which release of Elasticsearch brought which feature that we use."""

import re
from dataclasses import dataclass
from typing import Any

from workbench.domain.text import single_line

Version = tuple[int, int, int]

SINCE: dict[str, tuple[Version, ...]] = {
    "pit": ((7, 10, 0),),
    "retriever": ((8, 14, 0),),
    "rrf": ((8, 14, 0),),
    "mapped scores": ((8, 16, 4), (8, 17, 2), (8, 18, 0)),
    "rerank-v1": ((8, 17, 0),),
    "default endpoint": ((8, 18, 0),),
    "linear": ((8, 18, 0),),
    "allow_rerank_failures": ((8, 19, 0), (9, 1, 0)),
    "top_n": ((9, 2, 0),),
    "chunk_rescorer": ((9, 2, 0),),
}
"""The releases that first had a feature; more than one where it came to several lines at once."""


@dataclass(frozen=True)
class Server:
    """Who answers."""

    version: Version
    """Zeros when unknown."""
    flavour: str
    """`default`, or `serverless`, whose version says nothing: it has whatever there is."""
    name: str
    """Of the cluster."""

    def has(self, feature: str) -> bool:
        """Whether it knows a feature; one that is not in `SINCE` is taken to be there until it is refused."""
        if self.flavour == "serverless" or not any(self.version) or feature not in SINCE:
            return True
        *earlier, last = SINCE[feature]
        patched = any(self.version[:2] == first[:2] and self.version >= first for first in earlier)
        return self.version >= last or patched


def read_server(body: Any) -> Server:
    """Read the answer to `GET /`, of which nothing is taken for granted."""
    told = body if isinstance(body, dict) else {}
    version = told.get("version")
    version = version if isinstance(version, dict) else {}
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", str(version.get("number", "")))
    major, minor, patch = map(int, found.groups()) if found else (0, 0, 0)
    flavour, name = version.get("build_flavor", "default"), told.get("cluster_name", "")
    return Server((major, minor, patch), single_line(str(flavour), 40), single_line(str(name), 200))
