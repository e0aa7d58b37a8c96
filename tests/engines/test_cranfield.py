"""BM25 on a public collection gives the figures that Elasticsearch gives."""

import os
from pathlib import Path

import ir_measures
import pytest
from ir_measures import R, nDCG

from workbench.corpora.judgments import read_judged
from workbench.corpora.open import open_corpus
from workbench.domain.documents import Document
from workbench.engines.embedded import EmbeddedRetriever
from workbench.engines.index import build_index
from workbench.services.intake import Intake

DATA = os.environ.get("WORKBENCH_TEST_DATA")


@pytest.mark.skipif(not DATA, reason="WORKBENCH_TEST_DATA names no folder with the Cranfield collection")
async def test_bm25_on_cranfield(tmp_path: Path) -> None:
    folder = Path(DATA or "") / "cranfield"
    judged = read_judged(folder)
    assert judged
    one_field = (Document(one.id, "", one.text) for one in Intake(open_corpus(str(folder))).documents())
    build_index(tmp_path, "cranfield", "test", one_field)
    retriever = EmbeddedRetriever(tmp_path, "cranfield", (("body", 1.0),))
    run = [
        ir_measures.ScoredDoc(query.id, row.document.id, row.score)
        for query in judged.queries
        for row in (await retriever.search(query.text, 100)).candidates
    ]
    await retriever.close()
    qrels = [ir_measures.Qrel(one.query_id, one.document_id, one.grade) for one in judged.judgments]
    found = ir_measures.calc_aggregate([nDCG @ 10, R @ 100], qrels, run)
    assert found[nDCG @ 10] == pytest.approx(0.359, abs=0.002)
    assert found[R @ 100] == pytest.approx(0.731, abs=0.003)
