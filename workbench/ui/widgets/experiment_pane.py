"""What the views of all experiments share: a line on what it costs, how far it is, and what went wrong."""

from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from workbench.ui.experiments import Phase, Trial
from workbench.ui.keys import EXPERIMENT_KEYS, printed
from workbench.ui.text import bar, safe_line

BAR_CELLS = 24
LIMIT = 600
"""Characters of an error that are shown."""
INSTANT = 0.05
"""Seconds below which a time is not worth telling apart."""


class ExperimentPane(Vertical):
    """A view of one experiment; its first line is about the experiment itself."""

    DEFAULT_CSS = """
    ExperimentPane {
        background: $background;
        & > .trial { height: auto; max-height: 4; padding: 0 1; color: $foreground; background: $background; }
        & > .said { height: auto; max-height: 6; padding: 0 1; color: $foreground; background: $background; }
    }
    """

    trial: reactive[Trial] = reactive(Trial(), repaint=False)

    def trial_line(self) -> Static:
        """The line about the experiment; a pane composes it first."""
        return Static(classes="trial")

    def watch_trial(self) -> None:
        """Say how it stands."""
        if not self.is_mounted:
            return
        key = {binding.id: printed(binding.key.split(",")[0]) for binding in EXPERIMENT_KEYS}
        for pressed, active in self.screen.active_bindings.items():
            if active.binding.id in key:
                key[active.binding.id] = printed(pressed)
        said = told(self.trial, key["experiment.start"], key["experiment.leave"])
        self.query_one(".trial", Static).update(said)

    def on_mount(self) -> None:
        """Say how it stands at first; its keys work at once."""
        self.watch_trial()
        if self.display:
            self.query("RowList, Passage").first().focus()


def told(trial: Trial, start: str, stop: str) -> Content:
    """How an experiment stands, in a line.

    Args:
        trial: How it stands.
        start: Name of the key that starts it.
        stop: Name of the key that stops it.
    """
    parts: list[Content] = []
    match trial.phase:
        case Phase.WEIGHING:
            parts = [Content.styled("counting what there is to score…", "$muted")]
        case Phase.WAITING:
            parts = [_cost(trial), _key(start, "starts")]
        case Phase.RUNNING:
            done = f"{trial.scored:,} of {trial.pairs:,}" if trial.pairs else "starting…"
            filled = bar(trial.scored / trial.pairs, BAR_CELLS) if trial.pairs else ""
            parts = [Content.assemble((done, "bold"), " ", (filled, "$score-bar")), _key(stop, "stops")]
        case Phase.STOPPED:
            said = f"stopped at {trial.scored:,} of {trial.pairs:,} pairs"
            parts = [Content.styled(said, "$warning"), _key(start, "starts anew")]
        case Phase.DONE:
            pairs = f"✓ {trial.scored:,} {_pairs(trial.scored)} scored" if trial.pairs else "✓ nothing to score"
            parts = [Content.styled(pairs, "$muted")]
        case Phase.BLOCKED:
            parts = [_error(trial, "◌ ", "$warning")] if trial.error else [Content.styled("nothing chosen", "$muted")]
        case Phase.FAILED:
            parts = [_error(trial, "✗ ", "$error"), _key(start, "tries again")]
    if trial.elsewhere and trial.phase is not Phase.DONE:
        other = safe_line(trial.elsewhere, limit=60)
        parts.append(
            Content.assemble(("it runs for “", "$muted"), other, ("” now; starting here stops that", "$muted"))
        )
    return Content(" · ").join(parts)


def _key(key: str, does: str) -> Content:
    return Content.assemble((key, "bold $primary"), f" {does}")


def _pairs(number: int) -> str:
    return "pair" if number == 1 else "pairs"


def _cost(trial: Trial) -> Content:
    said = Content.assemble((f"{trial.pairs:,} {_pairs(trial.pairs)}", "bold"), " to score")
    if trial.seconds is None:
        return said
    return Content.assemble(said, f" · about {_time(trial.seconds)}")


def _time(seconds: float) -> str:
    if seconds < INSTANT:
        return "no time"
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"


def _error(trial: Trial, sign: str, style: str) -> Content:
    if trial.error is None:
        return Content("")
    return Content.assemble(
        (sign, f"bold {style}"),
        safe_line(trial.error.message, style, LIMIT),
        " ",
        safe_line(trial.error.hint, limit=LIMIT),
    )
