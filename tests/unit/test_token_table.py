"""What `workbench tokens` writes for people: no number says more than is known."""

from workbench.cli.token_report import Candidates, Corpus, Pair, is_cut
from workbench.cli.token_table import as_table
from workbench.domain.documents import Document
from workbench.domain.lengths import Lengths
from workbench.domain.tokens import ELASTIC, ESTIMATE


def corpus(*tokens: int, query: int = 0) -> Corpus:
    return Corpus("notes", "why" if query else None, ESTIMATE, Lengths(sorted(tokens), query, ELASTIC))


def bars(report: Corpus) -> list[str]:
    return [line for line in as_table(report, 200).splitlines() if "–" in line or " and more" in line]


def test_a_small_share_is_not_called_nothing() -> None:
    assert "1 of 132 documents (<1 %) do not fit" in as_table(corpus(600, *[5] * 131), 200)
    assert "0 of 131 documents (0 %) do not fit" in as_table(corpus(*[5] * 131), 200)
    assert "131 of 132 documents (99 %) do not fit" in as_table(corpus(5, *[600] * 131), 200)


def test_only_bars_of_documents_that_do_not_fit_are_marked() -> None:
    lengths = [0, 30, 500, 509, 510, 511, 700, 700, 1400]
    report = corpus(*lengths)
    marked = [bin for bin, line in zip(report.bins, bars(report), strict=True) if "✂" in line]
    assert sum(bin.documents for bin in marked) == sum(length > 509 for length in lengths)
    assert all(bin.documents and bin.low > 509 for bin in marked)
    assert not any("✂" in line for line in bars(corpus(5, 509))), "all of them fit"
    assert bars(corpus()), "a corpus without documents has empty bars"


def test_every_estimated_number_of_tokens_is_called_one() -> None:
    (row,) = [Pair.of(ESTIMATE.read("why", "word " * 900), Document.of("d", "", "word"), 1)]
    lengths = Lengths([row.count.document], row.count.query, ELASTIC)
    table = as_table(Candidates("why", "notes", ESTIMATE, 10, (row,), lengths), 200)
    for said in ("≈1,200", "≈507", "✂≈693", "50 %: ≈1,200", "longest: ≈1,200", "A budget of ≈1,205 tokens"):
        assert said in table, said
    table = as_table(corpus(1200, query=2), 200)
    for said in ("a document may have ≈507 tokens", "95 %: ≈1,200", "A budget of ≈1,205 tokens", "✂        ≈1"):
        assert said in table, said


def test_a_query_that_is_cut_is_a_cut() -> None:
    short = corpus(5, 200, query=1200)
    assert is_cut(short) and not is_cut(corpus(5, 254, query=254)) and not is_cut(corpus(query=1200))
    assert short.lengths.cut == 0
    assert "✂ The query is cut: as few as ≈309 of its ≈1,200 tokens are read, with 2 of 2 documents." in as_table(
        short, 200
    )
