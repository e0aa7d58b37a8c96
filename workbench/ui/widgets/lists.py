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

    comparison: reactive[Comparison | None] = reactive(None, repaint=False)
    selected_id: reactive[str | None] = reactive(None, repaint=False)
    model: reactive[ModelStatus | None] = reactive(None, repaint=False)
    chosen: reactive[bool] = reactive(False, repaint=False)
    """A person selected the document themselves."""
    pitch: reactive[int] = reactive(1, repaint=False)
    """Lines per row."""
    ballot: "reactive[Ballot | None]" = reactive(None, repaint=False)
    """The blind vote that is under way, or was just decided."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id, classes="-bm25")
        self.before = RankList("bm25", "BM25")
        self.lines = Gutter("gutter")
        self.reranked = RankList("reranked", "Reranked")
        self._fading: Timer | None = None

    def compose(self) -> ComposeResult:
        """The lists with the gutter between them."""
        yield self.before.data_bind(Lists.selected_id, Lists.pitch)
        yield self.lines.data_bind(Lists.comparison, Lists.selected_id, Lists.chosen, Lists.pitch)
        yield self.reranked.data_bind(Lists.selected_id, Lists.pitch)

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
            return
        if comparison.scored and not comparison.done:
            self.reranked.stale = True
            return
        self.before.show(before_rows(comparison), before_notice(comparison))
        if self._fading:
            self._fading.stop()
        if comparison.done:
            self.reranked.stale = False
            self.reranked.show(reranked_rows(comparison), reranked_notice(comparison, self.model))
            if comparison.reranked and not self.chosen:
                self.bring_up(self.active if self.has_focus_within else self.reranked)
        else:
            # What it still shows is an earlier answer; where the new one takes long enough to notice, it fades.
            self._fading = self.set_timer(FADE_AFTER, partial(setattr, self.reranked, "stale", True))
        self._entitle()

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
        blind = bool(ballot and ballot.open)
        self.before.blind = self.reranked.blind = self.lines.blind = blind
        self._mark()
        self._entitle()
        if blind and self.has_focus_within:  # Always the left one, so that the focus tells nothing either.
            (self.reranked if swapped else self.before).focus()

    def watch_chosen(self) -> None:
        """Show the selection again that a blind vote hid."""
        self._mark()

    def _mark(self) -> None:
        # What the app selects by itself is the top of the reranked list.
        marked = self.chosen or not (self.ballot and self.ballot.open)
        self.before.marked = self.reranked.marked = marked

    def _entitle(self) -> None:
        comparison, ballot = self.comparison, self.ballot
        if ballot and ballot.open:
            titles = [Content("A"), Content("B")]
            self.before.border_title, self.reranked.border_title = titles[::-1] if ballot.swapped else titles
        elif comparison:
            self.before.border_title = before_title(comparison)
            self.reranked.border_title = reranked_title(comparison)
