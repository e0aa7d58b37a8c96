"""The top line: what is searched, what reranks it, how deep, how fast."""

from textual.app import RenderResult
from textual.color import Color, ColorParseError
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.domain.comparison import Comparison
from workbench.domain.deployment import ModelState, ModelStatus
from workbench.domain.text import single_line
from workbench.domain.tuning import BOOST, Tuning, differences
from workbench.ui.text import safe_line
from workbench.ui.widgets.model_panel import SIGNS

PROFILE_LIMIT = 20
"""Characters of a profile's name."""


class StatusBar(Widget):
    """Left: profile, corpus, model, tuning. Right: what is unusual, and progress or the time of the last query."""

    profile: reactive[str] = reactive("")
    """Empty for this machine."""
    accent: reactive[str] = reactive("")
    """The profile's colour; empty for the theme's own."""
    marks: reactive[tuple[str, ...]] = reactive(())
    """What must never be overlooked about the profile."""
    opening: reactive[str] = reactive("")
    """What is being opened and takes long; empty for nothing."""
    retrying: reactive[str] = reactive("")
    """When what failed is tried again; empty when it is not."""
    searching: reactive[bool] = reactive(False)
    """What is shown is of an earlier search; the answer to the newest is still to come."""
    corpus: reactive[str] = reactive("")
    documents: reactive[int] = reactive(0)
    model: reactive[ModelStatus | None] = reactive(None)
    tuning: reactive[Tuning] = reactive(Tuning())
    start: reactive[Tuning] = reactive(Tuning())
    """The settings at the start."""
    baseline: reactive[Tuning | None] = reactive(None)
    frozen: reactive[bool] = reactive(False)
    comparison: reactive[Comparison | None] = reactive(None)

    def render(self) -> RenderResult:
        """Draw the line; where it is short the settings give way, then the right end, and the marks never."""
        whole = max(self.size.width - 2, 0)
        profile = self._profile()
        right = self._activity().truncate(max(whole - profile.cell_length - 1, 0), ellipsis=True)
        room = max(whole - profile.cell_length - right.cell_length - 1, 0)
        left = self._setting(self.documents)
        if left.cell_length > room:
            left = self._setting(0)
        if left.cell_length > room:
            left = left.truncate(room, ellipsis=True)
        gap = max(whole - profile.cell_length - left.cell_length - right.cell_length, 1)
        return Content.assemble(" ", profile, left, " " * gap, right, " ")

    def _profile(self) -> Content:
        """The cluster's name, reversed so that no colour is needed, and what must not be overlooked about it."""
        if not self.profile:
            return Content("")
        parts = [Content.styled(f" {single_line(self.profile, PROFILE_LIMIT)} ", reversed_in(self.accent))]
        parts += [Content.styled(f" ⚠ {single_line(mark)} ", "bold reverse $error") for mark in self.marks]
        return Content(" ").join(parts) + Content.styled(" · ", "$muted")

    def _setting(self, documents: int) -> Content:
        """Corpus with its number of documents unless that is 0, model, and what is tuned."""
        parts: list[Content | str | tuple[str, str]] = [(single_line(self.corpus), "bold $primary")]
        if documents:
            parts.append((f" {documents:,} docs", "$muted"))
        if self.model:
            sign, colour = SIGNS[self.model.state]
            said = "" if self.model.state in (ModelState.LOADED, ModelState.READY) else f" {_brief(self.model)}"
            parts += [("  ▏", "$muted"), (sign, colour), f" {single_line(self.model.id)}{said}"]
        info = self.comparison.reranker if self.comparison else None
        if info and info.way:
            parts.append((f" by {single_line(info.way)}", "$muted"))
        if info.weight is not None if info else not self.profile:
            changed = self.tuning.weight != self.start.weight
            parts.append((f" mix {self.tuning.weight:g}{'●' if changed else ''}", "$match" if changed else "$muted"))
        changed = self.tuning.depth != self.start.depth
        parts += [
            ("  ▏", "$muted"),
            (f"depth {self.tuning.depth}{'●' if changed else ''}", "$match" if changed else ""),
        ]
        for name, _, value in differences(self.start, self.tuning):
            if name not in ("mix", "depth"):
                parts.append((f" {single_line(f'{name.removeprefix(BOOST)} {value}')}●", "$match"))
        return Content.assemble(*parts)

    def _activity(self) -> Content:
        """What is unusual about the lists, and how far the query is or how long it took."""
        searching = "searching…" if self.searching else ""
        parts = [safe_line(said, "bold $entered") for said in (self.opening, self.retrying, searching) if said]
        if self.comparison and (found := self.comparison.findings):
            parts.append(Content.styled(f"⚠ {len(found)}", "bold $warning"))
        if self.baseline:
            there = self.comparison and self.comparison.baseline
            parts.append(Content.styled("= baseline" if there else "= baseline to come", "bold $match"))
        if self.frozen:
            parts.append(Content.styled("❄ frozen, f goes on", "bold $entered"))
        if comparison := self.comparison:
            total = comparison.latency.total
            took = f"{total:.0f} ms" if total >= 10 else f"{total:.1f} ms"
            counted = f"scored {comparison.scored} of {len(comparison.bm25)}"
            if not self.searching:  # It is of another query.
                parts.append(Content.styled(took if comparison.done else counted, "$muted"))
        return Content.styled("  ▏", "$muted").join(parts)


def reversed_in(accent: str) -> str:
    """The style of text on a block of a colour; of the theme's primary colour when there is none, or it is none.

    Args:
        accent: A colour that a person wrote.
    """
    try:
        colour = Color(*Color.parse(accent).rgb)
    except ColorParseError:
        return "bold reverse $primary"
    return f"bold reverse {colour.hex} on {colour.get_contrast_text(1.0).hex}"


def _brief(status: ModelStatus) -> str:
    progress = f" {status.progress.done / status.progress.total:.0%}" if status.progress else ""
    return f"{status.state}{progress}"
