"""Ranking quality on the Cranfield collection: BM25, and reranked with the default model.

    python -m tests.benchmarks.cranfield [--data DIR] [--depth 30] [--weight 0.7] [--model M] [--at-least 0.405]

DIR holds `cranfield/` in BEIR layout; by default what WORKBENCH_TEST_DATA names. Documents are indexed as one
field, title and text together, as the collection's published figures are; the two empty ones are left out.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

import ir_measures
from ir_measures import R, nDCG

from workbench.cli.wiring import open_session
from workbench.config.settings import Settings
from workbench.corpora.judgments import read_judged
from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document
from workbench.domain.tuning import Tuning
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index
from workbench.services.compare import compare
from workbench.services.intake import Intake

MEASURES = [nDCG @ 10, R @ 100]


async def main() -> None:
    """Index, run every judged query, print a row per list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("WORKBENCH_TEST_DATA"))
    parser.add_argument("--depth", type=int, default=30)
    parser.add_argument("--weight", type=float, default=0.7)
    parser.add_argument("--model", default=Settings().model)
    parser.add_argument("--at-least", type=float, default=0.0, help="end with 1 when reranked nDCG@10 is below")
    arguments = parser.parse_args()
    if not arguments.data:
        sys.exit("Name a folder that holds cranfield/ with --data or WORKBENCH_TEST_DATA.")
    folder = Path(arguments.data) / "cranfield"
    judged = read_judged(folder)
    assert judged
    merged = (Document(one.id, "", one.text) for one in Intake(open_corpus(str(folder))).documents())
    session = open_session(Settings(model=arguments.model))
    async for status in session.ready_model():
        sys.stderr.write(f"{status.id}: {status.state} {status.reason or ''}\n")
    with tempfile.TemporaryDirectory() as root:
        build_index(Path(root), "cranfield", str(folder), merged)
        retriever = EmbeddedRetriever(Path(root), "cranfield", (("body", 1.0),))
        options = Tuning(arguments.depth, 10, arguments.weight)
        bm25, reranked = [], []
        for query in judged.queries:
            found = await retriever.search(query.text, 100)
            bm25 += [ir_measures.ScoredDoc(query.id, row.document.id, row.score) for row in found.candidates]
            async for comparison in compare(query.text, retriever, session.reranker, options):
                last = comparison
            if last.error:
                sys.exit(last.error.message)
            tail = found.candidates[len(last.reranked) :]
            order = [row.candidate.document.id for row in last.reranked] + [row.document.id for row in tail]
            reranked += [ir_measures.ScoredDoc(query.id, id, -place) for place, id in enumerate(order)]
        await retriever.close()
    await session.close()
    qrels = [ir_measures.Qrel(one.query_id, one.document_id, one.grade) for one in judged.judgments]
    print(f"{'':34}{'nDCG@10':>9}{'R@100':>9}   {len(judged.queries)} queries")
    for name, run in (("BM25", bm25), (f"{arguments.model}, depth {arguments.depth}, {arguments.weight:g}", reranked)):
        values = ir_measures.calc_aggregate(MEASURES, qrels, run)
        print(f"{name:34}{values[nDCG @ 10]:>9.4f}{values[R @ 100]:>9.4f}")
    if values[nDCG @ 10] < arguments.at_least:
        sys.exit(f"reranked nDCG@10 is below {arguments.at_least:g}")


if __name__ == "__main__":
    asyncio.run(main())
