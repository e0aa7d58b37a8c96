"""Rules that look at what came back from reranking, and say what is odd about it."""

import math
from collections.abc import Sequence

from workbench.domain.exchange import Finding
from workbench.domain.ranking import Candidate
from workbench.domain.request_check import Plan, of_documents, share


def check_reranked(
    plan: Plan, candidates: Sequence[Candidate], hits: Sequence[tuple[str, float]]
) -> tuple[Finding, ...]:
    """Say what is odd about what came back from reranking.

    Args:
        plan: What was sent.
        candidates: Of the first stage, with the text that the model was to read.
        hits: Ids and scores as the server gave them, in its order.
    """
    found = (
        dropped_out(plan, candidates, hits),
        min_score_of_another_space(plan, candidates, hits),
        negative_scores(plan, hits),
        results_from_elsewhere(candidates, hits),
    )
    return tuple(finding for finding in found if finding)


def dropped_out(plan: Plan, candidates: Sequence[Candidate], hits: Sequence[tuple[str, float]]) -> Finding | None:
    """Candidates that did not come back, and why."""
    back = {id for id, _ in hits}
    gone = [row.document for row in candidates if row.document.id not in back]
    if not gone:
        return None
    blank = sum(not document.text.strip() for document in gone)
    below = len(gone) - blank if plan.min_score is not None else 0
    unknown = len(gone) - blank - below
    reasons = [
        *([f"{blank:,} without text in {plan.read}"] if blank else []),
        *([f"{below:,} below min_score {plan.min_score:g}"] if below else []),
        *([f"{unknown:,} for no reason that the server gave"] if unknown else []),
    ]
    if unknown:
        hint = "Search again: the index may have changed between the two searches."
    else:
        hint = "Lower min_score to see more." if below else "Fill the field, or rerank another one."
    message = f"{share(len(gone), candidates)} not come back from reranking: {', '.join(reasons)}"
    return of_documents("dropped-out", [document.id for document in gone], message, hint)


def min_score_of_another_space(
    plan: Plan, candidates: Sequence[Candidate], hits: Sequence[tuple[str, float]]
) -> Finding | None:
    """The threshold is a logit, though the hits show another number; told where it left nothing at all."""
    if not plan.logits or plan.min_score is None or not 0 < plan.min_score < 1:
        return None
    if hits or not any(row.document.text.strip() for row in candidates):
        return None
    logit = math.log(plan.min_score / (1 - plan.min_score))
    return Finding(
        "min-score-space",
        f"min_score {plan.min_score:g} is compared with the model's raw logit, not with the score of a hit.",
        f"For a hit score of {plan.min_score:g} use {math.log(plan.min_score):.2f}, for a sigmoid of it {logit:.2f}.",
    )


def negative_scores(plan: Plan, hits: Sequence[tuple[str, float]]) -> Finding | None:
    """A retriever that maps its scores gives none below zero; of an unknown version they tell that it does not."""
    ids = [id for id, score in hits if score < 0]
    if plan.way != "retriever" or not plan.server.has("mapped scores") or not ids:
        return None
    return of_documents(
        "negative-scores",
        ids,
        f"{share(len(ids), hits, 'results')} a score below 0, so the hits hold the model's raw logits",
        "Such scores can fail a search or disorder it: set `rerank` to inference, or upgrade to 8.17.2 or newer.",
    )


def results_from_elsewhere(candidates: Sequence[Candidate], hits: Sequence[tuple[str, float]]) -> Finding | None:
    """Both stages should have seen the same state of the index."""
    known = {row.document.id for row in candidates}
    ids = [id for id, _ in hits if id not in known]
    if not ids:
        return None
    return of_documents(
        "from-elsewhere",
        ids,
        f"{share(len(ids), hits, 'results')} not been in the first stage, which both lists are built on",
        "Search again: the index changed between the two searches.",
    )
