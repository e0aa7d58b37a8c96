"""Who answers, and what its version can: which release of Elasticsearch brought which feature that we use."""

import re
from dataclasses import dataclass
from typing import Any

from workbench.domain.text import single_line

DEFAULT_ENDPOINT = ".rerank-v1-elasticsearch"
"""The endpoint that every cluster has from 8.18 on, and that it reranks with when it is told none."""

SINCE: dict[str, tuple[tuple[int, int, int], ...]] = {
    "retriever": ((8, 14, 0),),
    "rrf": ((8, 14, 0),),
    "mapped scores": ((8, 16, 4), (8, 17, 2), (8, 18, 0)),
    "default endpoint": ((8, 18, 0),),
    "linear": ((8, 18, 0),),
    "min_score": ((8, 19, 0), (9, 1, 0)),
    "top_n": ((9, 2, 0),),
    "chunk_rescorer": ((9, 2, 0),),
}
"""The releases that first had a feature, or had it right; more than one where it came to several lines at once."""


@dataclass(frozen=True)
class Server:
    """Who answers."""

    version: tuple[int, int, int] = (0, 0, 0)
    """Zeros when unknown."""
    flavour: str = "default"
    """`default`, or `serverless`, whose version says nothing: it has whatever there is."""
    name: str = ""
    """Of the cluster."""

    def has(self, feature: str) -> bool:
        """Whether it knows a feature; one that is not in `SINCE` is taken to be there until it is refused."""
        if self.flavour == "serverless" or not any(self.version) or feature not in SINCE:
            return True
        *earlier, last = SINCE[feature]
        patched = any(self.version[:2] == first[:2] and self.version >= first for first in earlier)
        return self.version >= last or patched

    @property
    def number(self) -> str:
        """The version as it is written."""
        return ".".join(map(str, self.version))


def read_server(body: Any) -> Server:
    """Read the answer to `GET /`, of which nothing is taken for granted."""
    told = body if isinstance(body, dict) else {}
    version = told.get("version")
    version = version if isinstance(version, dict) else {}
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", str(version.get("number", "")))
    major, minor, patch = map(int, found.groups()) if found else (0, 0, 0)
    flavour, name = version.get("build_flavor", "default"), told.get("cluster_name", "")
    return Server((major, minor, patch), single_line(str(flavour), 40), single_line(str(name), 200))
