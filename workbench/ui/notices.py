"""What an empty or partial list says instead of rows: why, and what happens next."""

from dataclasses import replace

from textual.content import Content

from workbench.domain.comparison import Comparison
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.text import single_line
from workbench.domain.tuning import BOOST, Choice, Tuning
from workbench.ui.text import safe, safe_line
from workbench.ui.widgets.model_panel import progress_line


def ranked_by(ranking: str) -> str:
    """What ranked the candidates, as it is written: BM25, or an engine's own name for something else."""
    return "BM25" if ranking == "bm25" else single_line(ranking)


def before_title(comparison: Comparison) -> Content:
    """Title of the left list: what ranked it, or the baseline with the settings that it was made with."""
    if comparison.baseline:
        return safe_line(f"Baseline · {_made_with(comparison)}")
    if comparison.error and comparison.error.stage == "retrieve":
        return Content("BM25" if comparison.engine == "embedded" else "First stage")
    matches = "match" if comparison.total == 1 else "matches"
    return Content(f"{ranked_by(comparison.ranking)} · {comparison.total:,} {matches}")


def before_notice(comparison: Comparison) -> Content:
    """For a left list without rows."""
    if comparison.error and comparison.error.stage == "retrieve":
        return safe(f"{comparison.error.message}\n{comparison.error.hint}")
    if not comparison.query.strip():
        return Content("Type a query. Every key searches.")
    why = " ".join(comparison.warnings) or "Nothing matches this query."
    return safe(f"{why}\nTry other words, or another corpus with Ctrl+O.")


def reranked_title(comparison: Comparison) -> Content:
    """Title of the reranked list; holds the shifts and what was cut, for terminals too small for their panels."""
    if not comparison.done:
        return Content("Reranked · scoring…")
    if not (comparison.reranked and comparison.reranker and comparison.shift):
        return Content("Reranked")
    shift = comparison.shift
    return safe_line(
        f"Reranked · {comparison.reranker.score_space} · ▲{shift.up} ▼{shift.down} ={shift.same}"
        f" +{shift.entered} -{shift.left}{cut_note(comparison)}"
    )


def cut_note(comparison: Comparison) -> str:
    """How many candidates were cut, and how many of the compared rows; empty where none was."""
    cut, in_top = comparison.cut
    if not cut:
        return ""
    about = "" if all(row.tokens.exact for row in comparison.reranked) else "≈"
    top = min(comparison.size, len(comparison.reranked))
    return f" · {about}✂ {cut} of {len(comparison.reranked)}, {in_top} of the top {top}"


def reranked_notice(comparison: Comparison, model: ModelStatus | None) -> Content:
    """For a reranked list without rows."""
    error = comparison.error
    if error is None or error.stage != "rerank":
        found_nothing = comparison.query.strip() and not (comparison.bm25 or error)
        return Content("Nothing matches, so nothing is reranked." if found_nothing else "")
    if model is None or model.state is not ModelState.LOADED:
        return model_notice(model)
    return safe(f"Not reranked: {error.message}\n{error.hint}")


def _made_with(comparison: Comparison) -> str:
    """The baseline's settings in one line, those first that are not the present ones."""
    assert comparison.baseline
    present = Tuning(comparison.depth, comparison.size, boosts=comparison.fields, reads=comparison.reads)
    chosen = tuple(Choice(name, (option,), option) for name, option in comparison.chosen)
    present = replace(present, choices=chosen)
    if comparison.reranker and comparison.reranker.weight is not None:
        present = replace(present, weight=comparison.reranker.weight)
    now = present.values()
    settings = sorted(comparison.baseline.tuning.values().items(), key=lambda each: now.get(each[0]) == each[1])
    return " · ".join(f"{name.removeprefix(BOOST)} {value}" for name, value in settings)


def model_notice(status: ModelStatus | None) -> Content:
    """For a reranked list that waits for its model."""
    if status is None or status.state is ModelState.READY:
        return Content("Loading the model…")
    if status.state is ModelState.LOADED:
        return Content("Scoring…")
    if status.state is ModelState.FAILED:
        return safe(f"Not reranked: {status.reason}\n{status.next or ''}\nF5 tries again.")
    return safe(f"Waiting for {status.id}: {status.state}\n{progress_line(status)}\nBM25 works meanwhile.")
