"""The two ranked lists and the lines that join them."""

from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer

from workbench.domain.comparison import Comparison
from workbench.domain.deployment import ModelStatus
from workbench.ui.notices import before_notice, before_title, model_notice, reranked_notice, reranked_title
from workbench.ui.rows import before_rows, reranked_rows
from workbench.ui.widgets.gutter import Gutter
from workbench.ui.widgets.rank_list import RankList

if TYPE_CHECKING:
    from workbench.domain.ballot import Ballot

FADE_AFTER = 0.1
"""Seconds after which an earlier answer that is still shown fades."""


class Lists(Horizontal):
    """Left the list before (BM25 or the baseline), right the reranked one; in a blind vote either way round."""

    ALLOW_MAXIMIZE = True

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)
    selected_id: reactive[str | None] = reactive(None, repaint=False)
    model: reactive[ModelStatus | None] = reactive(None, repaint=False)
    chosen: reactive[bool] = reactive(False, repaint=False)
    """A person selected the document themselves."""
    pitch: reactive[int] = reactive(1, repaint=False)
    """Lines per row."""
    ballot: "reactive[Ballot | None]" = reactive(None, repaint=False)
    """The blind vote that is under way, or was just decided."""
    searching: reactive[bool] = reactive(False, repaint=False)
    """All that is shown is of an earlier search."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id, classes="-bm25")
        self.before = RankList("bm25", "BM25")
        self.lines = Gutter("gutter")
        self.reranked = RankList("reranked", "Reranked")
        self._fading: Timer | None = None
        self._query = ""
        """Of the rows that are shown."""
        self._filled = False
        """An answer has been shown."""

    def compose(self) -> ComposeResult:
        """The lists with the gutter between them."""
        yield self.before.data_bind(Lists.selected_id, Lists.chosen, Lists.pitch)
        yield self.lines.data_bind(Lists.comparison, Lists.selected_id, Lists.chosen, Lists.pitch)
        yield self.reranked.data_bind(Lists.selected_id, Lists.chosen, Lists.pitch)

    def on_mount(self) -> None:
        """Let the lines follow the lists."""
        for rank_list in (self.before, self.reranked):
            self.watch(rank_list, "scroll_y", partial(self._scrolled, rank_list), init=False)

    def _scrolled(self, rank_list: RankList, line: float) -> None:
        at_left = (rank_list is self.before) != self.lines.swapped
        setattr(self.lines, "left_top" if at_left else "right_top", round(line))

    @property
    def active(self) -> RankList:
        """The list that has the focus, or else the one that a narrow terminal shows."""
        if self.screen.focused in (self.before, self.reranked):
            return self.before if self.screen.focused is self.before else self.reranked
        return self.reranked if self.has_class("-reranked") else self.before

    def show_other(self) -> None:
        """Go to the list that is not in use."""
        other = self.before if self.active is self.reranked else self.reranked
        self.bring_up(other)
        other.focus()

    def bring_up(self, rank_list: RankList) -> None:
        """Make it the list that a narrow terminal shows."""
        self.set_classes(f"-{rank_list.id}")

    def on_descendant_focus(self) -> None:
        """The list in use is the one that a narrow terminal shows."""
        self.bring_up(self.active)

    def watch_comparison(self, comparison: Comparison | None) -> None:
        """Fill the lists."""
        if comparison is None:
            self._clear()
            return
        # While the baseline is still being reranked, the list before is not known either.
        waits = not comparison.done and comparison.baseline is not None and not comparison.baseline.reranked
        if comparison.scored and not comparison.done:
            self._fade(waits)
            return
        if self._fading:
            self._fading.stop()
        if not waits:
            self.before.stale = False
            self._fill(comparison)
        if comparison.done:
            self.reranked.stale = False
            if comparison.reranked and not self.chosen and not self._blind:
                self.bring_up(self.active if self.has_focus_within else self.reranked)
            elif not self.before.rows and not self._blind:  # It says why.
                if self.has_focus_within:
                    self.before.focus()
                self.bring_up(self.before)
        else:
            for rank_list in (self.before, self.reranked) if waits else (self.reranked,):
                if not rank_list.rows:
                    rank_list.show((), Content("Scoring…"))
            # What it still shows is an earlier answer; where the new one takes long enough to notice, it fades.
            self._fading = self.set_timer(FADE_AFTER, partial(self._fade, waits))
        self._entitle(comparison.done)

    def _clear(self) -> None:
        """Show nothing of what was open before, while the first answer of what is open now is on its way."""
        if self._fading:
            self._fading.stop()
        for rank_list in (self.before, self.reranked) if self._filled else ():
            rank_list.stale = False
            rank_list.show((), Content("Searching…"))
        if self._filled and not self._blind:
            self.before.border_title, self.reranked.border_title = Content("First stage"), Content("Reranked")

    def _fade(self, both: bool) -> None:
        self._entitle()
        self.reranked.stale = True
        self.before.stale = self.before.stale or both

    def watch_searching(self, searching: bool) -> None:
        """Fade both lists; an answer that is not complete has said itself which of them is of an earlier search."""
        if searching or self.comparison is None or self.comparison.done:
            self.before.stale = self.reranked.stale = searching

    def _fill(self, comparison: Comparison) -> None:
        before, after = before_rows(comparison), reranked_rows(comparison)
        if self._blind:  # A baseline of another depth would be known by its length.
            rows = min(len(before), len(after))
            before, after = before[:rows], after[:rows]
        self.before.show(before, before_notice(comparison))
        if comparison.done:
            self.reranked.show(after, reranked_notice(comparison, self.model))
        if not self.chosen and (self._blind or comparison.query != self._query):
            for rank_list in (self.before, self.reranked):
                rank_list.scroll_to(y=0, animate=False, immediate=True)
        self._query, self._filled = comparison.query, True

    @property
    def _blind(self) -> bool:
        return self.ballot is not None and self.ballot.open

    def watch_model(self, status: ModelStatus | None) -> None:
        """Say in the empty list what it is waiting for."""
        if status is not None and not (self.comparison and self.comparison.reranked):
            self.reranked.show((), model_notice(status))

    def watch_ballot(self, ballot: "Ballot | None") -> None:
        """Hide which list is which, and which way round they are, or show it again."""
        swapped = bool(ballot and ballot.swapped)
        if swapped != self.lines.swapped:
            order = (self.reranked, self.before) if swapped else (self.before, self.reranked)
            self.move_child(order[0], before=0)
            self.move_child(order[1], after=self.lines)
            self.lines.swapped = swapped
            self.lines.left_top, self.lines.right_top = (round(rank_list.scroll_y) for rank_list in order)
        self.before.blind = self.reranked.blind = self.lines.blind = self._blind
        self._mark()
        self._entitle()
        if self.comparison and self.comparison.done:
            self._fill(self.comparison)
        if self._blind:  # Always the left one, so that what is in use tells nothing either.
            left = self.reranked if swapped else self.before
            if self.has_focus_within:
                left.focus()
            self.bring_up(left)

    def watch_chosen(self) -> None:
        """Show the selection again that a blind vote hid."""
        self._mark()

    def _mark(self) -> None:
        # What the app selects by itself is the top of the reranked list.
        marked = self.chosen or not self._blind
        self.before.marked = self.reranked.marked = marked

    def _entitle(self, both: bool = True) -> None:
        comparison, ballot = self.comparison, self.ballot
        if ballot and self._blind:
            titles = [Content("A"), Content("B")]
            self.before.border_title, self.reranked.border_title = titles[::-1] if ballot.swapped else titles
        elif comparison:
            self.before.border_title = before_title(comparison)
            if both:  # Not for an answer that is about to follow: a title draws the whole list anew.
                self.reranked.border_title = reranked_title(comparison)
