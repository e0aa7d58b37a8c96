"""What a model read of a document, token by token, and the experiments on whether it mattered."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from workbench.domain.text import single_line
from workbench.domain.tokens import Reader, Reading
from workbench.ui.experiments import Subject, View
from workbench.ui.keys import TRUNCATION_KEYS
from workbench.ui.screens.previewing import PreviewingScreen
from workbench.ui.text import flow, safe_line
from workbench.ui.what_if import Listed, cut_said, listed
from workbench.ui.widgets.candidate_list import CandidateList
from workbench.ui.widgets.key_bar import KeyBar
from workbench.ui.widgets.length_plot import LengthPlot
from workbench.ui.widgets.token_ruler import TokenRuler
from workbench.ui.widgets.token_view import TokenView

TITLES = {View.TOKENS: "Tokens", View.VERDICT: "Verdict", View.CHUNKS: "Chunks", View.ABLATION: "Ablation"}
OF_TOKENS = {
    "cut", "shade", "pieces", "ids", "lengths", "remarks", "budget", "strategy", "model", "fields", "really",
}  # fmt: skip
"""Actions of the first view alone."""
TITLE_CELLS = 200
ROOMY = 100
"""Cells from which on nothing is said in short."""
REMARKS, REMARKS_HIGH, HIGH = 2, 4, 44
"""Lines of remarks until a person wants all; the same in a terminal of at least so many lines."""


class TruncationScreen(PreviewingScreen):
    """Lays the four views out, with the candidates beside them, and does what the keys say."""

    CSS_PATH = "truncation.tcss"
    AUTO_FOCUS = "TokenView"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide"), (150, "-broad")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall"), (44, "-taller")]
    BINDINGS = [*TRUNCATION_KEYS]

    _seen: tuple[str, str] | None = None
    """The texts that are shown."""
    _remarked: Sequence[Content] = ()
    """The lines of remarks that are shown."""
    _all_remarks = False
    _presenting = False
    """`present` is under way."""
    _drawn: tuple[tuple[str, str], Reader] | None = None

    def compose(self) -> ComposeResult:
        """Lay the screen out from top to bottom."""
        yield Static(id="views")
        yield Static(id="about")
        with Horizontal(id="body"):
            with Vertical(id="tokens", classes="view"):
                yield TokenRuler("ruler")
                yield Static(id="manner")
                yield Static(id="remarks")
                yield TokenView("token-view")
                yield LengthPlot("lengths")
            yield CandidateList("candidates")
        yield KeyBar()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Some keys work where they mean something alone."""
        if action in OF_TOKENS:
            return self.view is View.TOKENS
        if action == "start":
            return self.view is not View.TOKENS
        if action == "listed":
            return self.subject is not None and self.subject.id is None
        return super().check_action(action, parameters)

    # What is shown --------------------------------------------------------------------------------

    def present(self) -> None:
        """Draw everything anew, as far as it is known; once, however often it is asked for in a moment."""
        if self.is_mounted and not self._presenting:
            self._presenting = True
            self.call_later(self._present)

    def _present(self) -> None:
        self._presenting = False
        if not self.is_mounted:
            return
        rows, exact = self._rows(), self.manner is None or self.manner.reader.tokenizer.exact
        self._head(rows, exact)
        self.query_one("#manner", Static).update(self._manner(), layout=False)
        self._remark()
        subject, reading = self.subject, self.reading
        self.query_one(CandidateList).show(rows, subject.id if subject else None, exact)
        view = self.query_one(TokenView)
        if subject and reading:
            self._show_tokens(view, reading)
        else:
            self._seen = self._drawn = None
            unread = "Nobody knows what was read." if self.unread else "Finding out how the model reads…"
            view.say(Content(unread if subject else "There is no candidate to look at."))
            self.query_one(TokenRuler).show(None, None)
        self._show_lengths(exact)

    def _show_tokens(self, view: TokenView, reading: Reading) -> None:
        seen = (reading.query.text, reading.document.text)
        before = self._seen
        same = before is not None and before[0] == seen[0] and bool(before[1]) and seen[1].startswith(before[1])
        if (seen, reading.reader) != self._drawn:
            view.show(reading, same=same, partial=self.partial, document=self.drawn)
        self._seen, self._drawn = seen, (seen, reading.reader)
        self.query_one(TokenRuler).show(None if self.partial else reading.count, reading.reader.window)

    def _rows(self) -> tuple[Listed, ...]:
        return listed(self.comparison, self.counted, self.manner.window if self.manner else None)

    def _head(self, rows: tuple[Listed, ...], exact: bool) -> None:
        """Which view is shown and who reads; what is looked at and how many candidates are cut."""
        names = [
            (f" {number} {name} ", "bold reverse" if view is self.view else "$muted")
            for number, (view, name) in enumerate(TITLES.items(), start=1)
        ]
        left = Content.assemble(" ", *names)
        width = self.size.width
        said = safe_line(f"“{single_line(self.comparison.query)}”")
        right = Content.assemble(said.truncate(max(width - left.cell_length - 3, 0), ellipsis=True), " ")
        gap = " " * max(width - left.cell_length - right.cell_length, 0)
        self.query_one("#views", Static).update(Content.assemble(left, gap, right.stylize("$muted")), layout=False)
        subject = self.subject
        row = next((row for row in rows if subject and row.id == subject.id), None)
        counts = cut_said(rows, self.comparison.size, exact, self.tried)
        if width < ROOMY:
            counts = counts.replace(" candidates", "").replace(" of the top ", " of top ")
        items = Content.assemble(f" {counts} ")
        if row:
            sign = Content.styled("✂ ", "bold $cut") if row.cut else Content("  ")
            place = Content.styled(f" {row.rank} of {len(rows)} ", "bold $primary")
        else:
            sign, place = Content("  "), Content.styled(" ✎ " if subject else " ", "bold $primary")
        name = safe_line(subject.title if subject else "no candidate", "bold", TITLE_CELLS)
        start = Content.assemble(place, sign, name).truncate(max(width - items.cell_length - 1, 10), ellipsis=True)
        gap = " " * max(width - start.cell_length - items.cell_length, 0)
        cut = any(row.cut for row in rows)
        self.query_one("#about", Static).update(
            Content.assemble(start, gap, items.stylize("$cut" if cut else "$muted")), layout=False
        )

    def _manner(self) -> Content:
        """How it is read, with the keys that change that; what differs from how it really is stands out."""
        manner, actual = self.manner, self.actual
        if manner is None or actual is None:
            return Content("")
        window, own = manner.window, actual.window
        parts = (
            ("+-", "budget ", f"{window.budget:,}", window.budget != own.budget),
            ("s", "strategy ", str(window.strategy), window.strategy != own.strategy),
            ("m", "tokens of ", manner.reader.tokenizer.id, manner.reader.tokenizer is not actual.reader.tokenizer),
            ("f", "reads ", " + ".join(manner.reads), set(manner.reads) != set(actual.reads)),
        )
        width = self.query_one("#manner", Static).content_size.width
        # The names go first of what says itself what it is.
        for named in ({"+-", "s", "m", "f"}, {"+-", "m", "f"}, {"+-", "f"}, {"+-"}, set[str]()):
            items = [
                Content.assemble(
                    (key, "bold $accent"),
                    (f" {name if key in named else ''}", "$muted"),
                    safe_line(f"{value} ●" if other else value, "bold $match" if other else "bold"),
                )
                for key, name, value, other in parts
            ]
            line = Content.assemble(" ", Content("  ").join(items))
            if line.cell_length <= width:
                break
        return line

    def _remark(self) -> None:
        """Say in one place what a person must know to read the numbers."""
        static = self.query_one("#remarks", Static)
        # Hidden, it has no width of its own.
        width = max(self.query_one("#manner", Static).content_size.width - 2, 1)
        lines = [line for item in self._remarks() for line in flow([item], max(width, 10))]
        room = self.size.height // 2 if self._all_remarks else REMARKS_HIGH if self.size.height >= HIGH else REMARKS
        if len(lines) > room:
            more = Content.assemble((f" … {len(lines) - room} more: w", "bold $accent"))
            last = lines[room - 1].truncate(max(width - more.cell_length, 0))
            lines = [*lines[: room - 1], Content.assemble(last, more)]
        if lines != self._remarked:
            static.update(Content("\n").join(lines), layout=len(lines) != len(self._remarked))
            static.display = bool(lines)
            self._remarked = lines

    def _remarks(self) -> list[Content]:
        found = []
        if self.tried and self.actual:
            own = self.actual.window
            by = single_line(self.actual.reader.tokenizer.id)
            said = f"What if: really it is {own.budget:,} tokens, {own.strategy}, by {by}."
            keeps = " The scores and ranks of the lists stay as they are; r goes back."
            found.append(Content.assemble(("● ", "bold $match"), (said, "bold $match"), (keeps, "$muted")))
        failures = [each for each in dict.fromkeys((self.failure, self.unread, self.uncounted)) if each]
        found += [safe_line(f"{failure.message} {failure.hint}", "$warning") for failure in failures]
        if self.subject and self.subject.id is None:
            found.append(Content.styled("Pasted text, in place of the document: Backspace goes back.", "$match"))
        if self.reading and not self.partial:
            found += [
                Content.assemble(("⚠ ", "bold $warning"), safe_line(str(said), "$warning")) for said in self.findings
            ]
        if self.manner:
            found += [safe_line(note, "$muted") for note in self.manner.reader.tokenizer.notes]
        return found

    def _show_lengths(self, exact: bool) -> None:
        plot, subject, manner = self.query_one(LengthPlot), self.subject, self.manner
        if self.counted is None or manner is None:
            plot.show(None, None, exact, failed=bool(self.uncounted))
            return
        selected = self.counted.documents.get(subject.id) if subject and subject.id is not None else None
        if selected is None and subject and self.reading and not self.partial:
            selected = len(self.reading.document)
        plot.show(self.counted.lengths(manner.window), selected, exact)

    # What changed ---------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Write the lines at the top to the new width."""
        self.call_after_refresh(self.present)

    def watch_view(self, view: View) -> None:
        """Show one of the four views."""
        if not self.is_mounted:
            return
        body = self.query_one("#body")
        if not body.query(f"#{view}"):
            body.mount(self._made(view), before="#candidates")
        for child in body.query(".view"):
            child.display = child.id == view
        # The verdict lists them itself.
        self.query_one(CandidateList).set_class(view is View.VERDICT, "-aside")
        self.call_after_refresh(self._focus_in, view)
        self.refresh_bindings()
        self.present()

    def _focus_in(self, view: View) -> None:
        found = self.query(f"#{view}")
        if found and view is self.view:
            target = next((widget for widget in found.first().walk_children(Widget) if widget.focusable), None)
            if target:
                target.focus()

    def _made(self, view: View) -> Widget:
        here = TruncationScreen
        pane: Widget
        if view is View.VERDICT:
            from workbench.ui.widgets.verdict_pane import VerdictPane

            pane = VerdictPane(view).data_bind(here.subject, here.counterfactual, trial=here.verdict_trial)
        elif view is View.CHUNKS:
            from workbench.ui.widgets.chunk_pane import ChunkPane

            pane = ChunkPane(view).data_bind(here.subject, here.lab, trial=here.chunks_trial)
        else:
            from workbench.ui.widgets.ablation_pane import AblationPane

            pane = AblationPane(view).data_bind(here.subject, here.ablation, here.ablating, trial=here.ablation_trial)
        return pane.add_class("view")

    def on_candidate_list_chosen(self, event: CandidateList.Chosen) -> None:
        """Look at the candidate that was clicked."""
        self._look_at(event.document_id)

    def _look_at(self, id: str) -> None:
        self.subject = Subject.of(self.comparison, id) or self.subject

    def leave(self) -> None:
        """Go back to the lists, and to the candidate that was looked at last."""
        if self.is_current:
            self.dismiss((self.subject and self.subject.id) or self._first_id)  # type: ignore[arg-type]

    # Actions --------------------------------------------------------------------------------------

    def action_view(self, view: str) -> None:
        """Show a view."""
        self.view = View(view)

    def action_turn(self, step: int) -> None:
        """Show the next view, or the one before."""
        views = list(View)
        self.view = views[(views.index(self.view) + step) % len(views)]

    def action_candidate(self, step: int, cut: bool = False) -> None:
        """Look at another candidate."""
        rows, subject = self._rows(), self.subject
        if not rows or subject is None:
            return
        now = subject.id if subject.id is not None else self._first_id
        at = next((index for index, row in enumerate(rows) if row.id == now), 0)
        ahead = rows[at + 1 :] if step > 0 else rows[:at][::-1]
        found = next((row for row in ahead if row.cut or not cut), None)
        if found:
            self._look_at(found.id)
        else:
            what = "candidate that is cut" if cut else "candidate"
            self.app.notify(f"There is no {what} {'after' if step > 0 else 'before'} this one.", markup=False)

    def action_cut(self) -> None:
        """Go to where reading stopped."""
        if not self.query_one(TokenView).seek_cut() and self.reading:
            self.app.notify("Nothing was cut: the model read all of it.", markup=False)

    def action_shade(self) -> None:
        """Shade every other token, or none."""
        self.query_one(TokenView).shade()

    def action_pieces(self) -> None:
        """Draw a cell for each token, or the text."""
        view = self.query_one(TokenView)
        view.pieces = not view.pieces
        view.lay_out()

    def action_ids(self) -> None:
        """Draw ids under the tokens, or none."""
        view = self.query_one(TokenView)
        if self.manner and not self.manner.reader.tokenizer.exact and not view.ids:
            self.app.notify("An estimate has no ids: there is no vocabulary to take them from.", markup=False)
            return
        view.ids = not view.ids
        view.lay_out()

    def action_lengths(self) -> None:
        """Show how long the candidates are, or hide it."""
        plot = self.query_one(LengthPlot)
        plot.styles.display = "none" if plot.display else "block"

    def action_remarks(self) -> None:
        """Show all remarks, or as many as fit."""
        self._all_remarks = not self._all_remarks
        self.present()

    def action_copy(self) -> None:
        """Copy what is selected; else what the model read, or the list or text in use."""
        focused = self.focused
        text = getattr(focused, "text", None) if self.view is not View.TOKENS else self.query_one(TokenView).text
        if text := self.get_selected_text() or text:
            self.app.copy_to_clipboard(text)
