"""Runs the experiments on truncation, each in a worker of its own, and keeps what they found."""

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from textual import work
from textual.reactive import reactive
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from workbench.config.logs import log_surprise
from workbench.domain.ablation import Ablation
from workbench.domain.chunks import ChunkLab
from workbench.domain.comparison import StageError
from workbench.domain.scores import ScoreSpace
from workbench.domain.verdict import Counterfactual, PairVerdict
from workbench.engines.base import Reranker
from workbench.services.compare import stage_error
from workbench.services.session import Session
from workbench.ui.experiments import Experiment, Finding, Phase, Result, Results, Subject, Trial, View, counts
from workbench.ui.keys import EXPERIMENT_KEYS

if TYPE_CHECKING:
    from workbench.ui.widgets.verdict_pane import VerdictPane

PAUSE = 0.05
"""Seconds that a subject must be looked at before the cost of an experiment is found out."""
SHOW_EVERY = 0.06
"""Seconds between two pictures of an experiment that runs."""
LOOK_EVERY = 0.25
"""Seconds between two looks at whether a model that was not ready is."""


@dataclass(eq=False)
class _Run:
    """An experiment under way."""

    key: Hashable
    subject: Subject
    trial: Trial
    finding: Finding
    """The newest, or what was known before."""
    shown: Finding | None = None


class ExperimentingScreen(Screen[None]):
    """Holds a subject and what is known of it; experiments go on while another view or subject is looked at.

    A screen built on this sets `subject` and `view`, and its panes are bound to the rest.
    """

    BINDINGS = [*EXPERIMENT_KEYS]

    # Without repaint: a change redraws the widgets that read it, not the whole screen.
    subject: reactive[Subject | None] = reactive(None, repaint=False)
    view: reactive[View] = reactive(View.TOKENS, repaint=False)
    ablating: reactive[Experiment] = reactive(Experiment.SENTENCES, repaint=False)
    """What is left out: sentences of the text, or terms of the query."""
    scoring_all: reactive[bool] = reactive(False, repaint=False)
    """Chunks that the model would not be given are scored too."""
    counterfactual: reactive[Counterfactual | PairVerdict | None] = reactive(None, repaint=False)
    """The second of a text that is in no list."""
    lab: reactive[ChunkLab | None] = reactive(None, repaint=False)
    ablation: reactive[Ablation | None] = reactive(None, repaint=False)
    verdict_trial: reactive[Trial] = reactive(Trial(), repaint=False)
    chunks_trial: reactive[Trial] = reactive(Trial(), repaint=False)
    ablation_trial: reactive[Trial] = reactive(Trial(), repaint=False)

    def __init__(self, session: Session, results: Results | None = None) -> None:
        """Nothing is looked at yet.

        Args:
            session: Has the model and the tools.
            results: Of earlier experiments.
        """
        super().__init__()
        self.session = session
        self.results = results or Results()
        self._runs: dict[Experiment, _Run] = {}
        self._turns = {experiment: asyncio.Lock() for experiment in Experiment}

    # What is looked at ----------------------------------------------------------------------------

    @property
    def experiment(self) -> Experiment | None:
        """The experiment of the view in use."""
        kinds = {View.VERDICT: Experiment.VERDICT, View.CHUNKS: Experiment.CHUNKS, View.ABLATION: self.ablating}
        return kinds.get(self.view)

    def on_mount(self) -> None:
        """Notice on its own when a model that is not ready becomes so."""
        self._missed = self.session.reranker
        if isinstance(self._missed, StageError):
            self._looks = self.set_interval(LOOK_EVERY, self._look_for_model)

    def _look_for_model(self) -> None:
        now = self.session.reranker
        if now is self._missed:
            return
        self._missed = now
        if not isinstance(now, StageError):
            self._looks.stop()
        self.model_changed()

    def model_changed(self) -> None:
        """The model has become ready, or cannot be had for another reason."""
        self._watch_view()

    def _watch_subject(self) -> None:
        for experiment in (Experiment.VERDICT, Experiment.CHUNKS, self.ablating):
            self._recall(experiment)

    def _watch_ablating(self) -> None:
        self._recall(self.ablating)

    def _watch_scoring_all(self) -> None:
        self._recall(Experiment.CHUNKS)

    def _watch_view(self) -> None:
        if experiment := self.experiment:
            self._recall(experiment)

    def on_screen_resume(self) -> None:
        """The model may have come or gone meanwhile."""
        self._watch_view()

    def choose(self, id: str) -> None:
        """Look into another candidate of the same list."""
        subject = self.subject
        if subject and subject.comparison and id != subject.id:
            self.subject = Subject.of(subject.comparison, id) or subject

    def on_verdict_pane_chosen(self, event: "VerdictPane.Chosen") -> None:
        """Look into the document whose row was chosen."""
        self.choose(event.document_id)

    def on_chunk_pane_switched(self) -> None:
        """Also score chunks that the model would not be given, or no longer."""
        self.scoring_all = not self.scoring_all

    def on_ablation_pane_switched(self) -> None:
        """Leave out terms of the query in place of sentences, or back."""
        terms = self.ablating is Experiment.SENTENCES
        self.ablating = Experiment.TERMS if terms else Experiment.SENTENCES

    def _recall(self, experiment: Experiment) -> None:
        """Show what is known of an experiment on the subject; where that is nothing, find out what it would cost."""
        asked = self._asked(experiment)
        if asked is None or isinstance(asked, StageError):
            self._show(experiment, None, Trial(Phase.BLOCKED, error=asked))
            return
        key, _ = asked
        if self._recalled(experiment, key):
            return
        self._show(experiment, None, Trial())
        if experiment is self.experiment:
            self._find_cost(experiment)

    def _recalled(self, experiment: Experiment, key: Hashable) -> bool:
        """Show what is kept of the experiment that is looked at; False when there is nothing."""
        result, run = self.results.get(key), self._runs.get(experiment)
        if result:
            elsewhere = run.subject.title or "another text" if run and run.key != key else ""
            self._show(experiment, result.finding, replace(result.trial, elsewhere=elsewhere))
        return bool(result)

    def _show(self, experiment: Experiment, finding: Finding | None, trial: Trial) -> None:
        # Its space first: the findings are drawn in it.
        if experiment is Experiment.VERDICT:
            self.verdict_trial = trial
            self.counterfactual = finding if isinstance(finding, Counterfactual | PairVerdict) else None
        elif experiment is Experiment.CHUNKS:
            self.chunks_trial = trial
            self.lab = finding if isinstance(finding, ChunkLab) else None
        elif experiment is self.ablating:
            self.ablation_trial = trial
            self.ablation = finding if isinstance(finding, Ablation) else None

    def _trial(self, experiment: Experiment) -> Trial:
        trials = {Experiment.VERDICT: self.verdict_trial, Experiment.CHUNKS: self.chunks_trial}
        return trials.get(experiment, self.ablation_trial)

    def _asked(self, experiment: Experiment) -> tuple[Hashable, Reranker] | StageError | None:
        """By what name an experiment on the subject is kept, and who scores; or why it cannot be made."""
        subject, reranker = self.subject, self.session.reranker
        if subject is None:
            return None
        if isinstance(reranker, StageError):
            hint = reranker.hint or "Experiments need a model that scores: Esc, and wait until it is ready."
            return replace(reranker, hint=hint)
        comparison = subject.comparison
        reranker = reranker.by(comparison.chosen if comparison else self.session.tuning.chosen)
        if experiment is not Experiment.VERDICT or comparison is None or subject.id is None:
            chunks = self.scoring_all and experiment is Experiment.CHUNKS
            model = (self.session.engines.profile, reranker.model, reranker.way)
            return (experiment, subject.query, subject.text, model, chunks), reranker
        if not comparison.reranked or comparison.reranker is None:
            failed = StageError("rerank", "The list is not reranked.", "Esc, and wait until it is, or run it again.")
            return comparison.error or failed
        if comparison.reranker.model != reranker.model:
            said = f"The list was reranked by {comparison.reranker.model}, and now {reranker.model} is in use."
            return StageError("rerank", said, "Esc, and run the query again.")
        # The result holds the list, so that no other one is given its address.
        return (experiment, id(comparison), reranker.model), reranker

    # What a person asks ---------------------------------------------------------------------------

    def action_start(self) -> None:
        """Make the experiment of the view in use, once its cost is known."""
        experiment, subject = self.experiment, self.subject
        if experiment is None or subject is None:
            return
        asked = self._asked(experiment)
        result = self.results.get(asked[0]) if isinstance(asked, tuple) else None
        if not isinstance(asked, tuple) or result is None:
            if self._trial(experiment).phase is not Phase.WEIGHING:
                self._recall(experiment)
            return
        (key, reranker), run = asked, self._runs.get(experiment)
        if result.trial.phase is Phase.DONE or (run and run.key == key):
            return
        trial = replace(result.trial, phase=Phase.RUNNING, scored=0, error=None)
        run = self._runs[experiment] = _Run(key, subject, trial, result.finding)
        # A function: a coroutine that is cancelled before its turn would never be awaited.
        making = partial(self._experiment, experiment, run, self._values(experiment, subject, reranker))
        _: Worker[None] = self.run_worker(making, experiment, experiment, exit_on_error=False, exclusive=True)

    def action_leave(self) -> None:
        """Stop the experiment of the view in use; leave when none runs there."""
        experiment = self.experiment
        if experiment is None or not self.stop(experiment):
            self.leave()

    def leave(self) -> None:
        """Go back to where the screen was opened."""
        if self.is_current:
            self.dismiss()

    def stop(self, experiment: Experiment) -> bool:
        """Stop an experiment, whatever it is about; False when none of the kind runs."""
        if self._runs.pop(experiment, None) is None:
            return False
        self.workers.cancel_group(self, experiment)
        return True

    # Work -----------------------------------------------------------------------------------------

    @work(exclusive=True, group="cost", exit_on_error=False)
    async def _find_cost(self, experiment: Experiment) -> None:
        """Take an experiment's first value, which is there before anything is scored."""
        await asyncio.sleep(PAUSE)
        asked, subject = self._asked(experiment), self.subject
        if subject is None or asked is None or isinstance(asked, StageError):
            self._recall(experiment)
            return
        key, reranker = asked
        try:
            async with aclosing(self._values(experiment, subject, reranker)) as values:
                finding = await anext(values)
        except Exception as error:
            if self._is_shown(experiment, key):
                self._show(experiment, None, Trial(Phase.FAILED, error=stage_error("rerank", error)))
            return
        if self.results.get(key) is None:  # It may have been started meanwhile.
            phase = Phase.DONE if finding.done else Phase.WAITING
            trial = Trial(phase, seconds=_seconds(subject, finding), space=_space(subject, reranker)).counted(finding)
            self.results.keep(key, Result(subject, finding, trial))
            self._refresh(experiment)

    async def _experiment(self, experiment: Experiment, run: _Run, values: AsyncGenerator[Finding, None]) -> None:
        """Make an experiment to its end, or until it is stopped."""
        phase, failure = Phase.STOPPED, None
        self._keep(experiment, run)
        picture = self.set_interval(SHOW_EVERY, partial(self._show_newest, experiment, run))
        try:
            async with self._turns[experiment], aclosing(values):
                async for run.finding in values:
                    run.trial = run.trial.counted(run.finding)
                    await asyncio.sleep(0)
            phase = Phase.DONE
        except Exception as error:
            failure = stage_error("rerank", error)
            phase = Phase.FAILED
        finally:
            picture.stop()
            if self._runs.get(experiment) is run:
                del self._runs[experiment]
            run.trial = replace(run.trial, phase=phase, error=failure)
            self._settle(experiment, run)

    def _show_newest(self, experiment: Experiment, run: _Run) -> None:
        if run.finding is not run.shown:
            self._keep(experiment, run)

    def _settle(self, experiment: Experiment, run: _Run) -> None:
        """Keep how an experiment ended, unless it has been started anew."""
        again = self._runs.get(experiment)
        if again is None or again.key != run.key:
            self._keep(experiment, run)

    def _keep(self, experiment: Experiment, run: _Run) -> None:
        run.shown = run.finding
        self.results.keep(run.key, Result(run.subject, run.finding, run.trial))
        self._refresh(experiment)

    def _refresh(self, experiment: Experiment) -> None:
        """Show the newest of an experiment, or that another one of the kind runs or has ended."""
        asked = self._asked(experiment)
        if self.is_attached and isinstance(asked, tuple):
            self._recalled(experiment, asked[0])

    def _is_shown(self, experiment: Experiment, key: Hashable) -> bool:
        asked = self._asked(experiment)
        return self.is_attached and isinstance(asked, tuple) and asked[0] == key

    def _values(self, experiment: Experiment, subject: Subject, reranker: Reranker) -> AsyncGenerator[Finding, None]:
        laboratory = self.session.laboratory
        if experiment is Experiment.VERDICT:
            from workbench.services.counterfactual import counterfactual, counterfactual_pair

            if subject.comparison and subject.id is not None:
                return counterfactual(subject.comparison, reranker, laboratory)
            return counterfactual_pair(subject.query, subject.text, reranker, laboratory)
        if experiment is Experiment.CHUNKS:
            from workbench.services.chunk_lab import chunk_lab

            return chunk_lab(subject.query, subject.text, reranker, laboratory, score_unsent=self.scoring_all)
        from workbench.services.ablation import ablate_sentences, ablate_terms

        ablate = ablate_sentences if experiment is Experiment.SENTENCES else ablate_terms
        return ablate(subject.query, subject.text, reranker, laboratory)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Work that failed in a way nobody expected is said and written down, and the app goes on."""
        if event.state is WorkerState.ERROR and event.worker.error:
            log_surprise(event.worker.error)
            text = f"{type(event.worker.error).__name__}: {event.worker.error}"
            self.app.notify(text, title="Something went wrong", severity="error", markup=False)


def _space(subject: Subject, reranker: Reranker) -> ScoreSpace:
    """What the scores mean; of some models only the list's answer tells."""
    info = subject.comparison.reranker if subject.comparison else None
    return info.raw_space if info else reranker.space


def _seconds(subject: Subject, finding: Finding) -> float | None:
    """About how long an experiment takes, by how long the list took."""
    from workbench.services.counterfactual import per_pair_ms

    each = per_pair_ms(subject.comparison) if subject.comparison else None
    return each and each * counts(finding)[1] / 1000
