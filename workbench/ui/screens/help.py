"""Help: every key, and what the columns and panels mean."""

from collections.abc import Sequence
from textwrap import wrap

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.ui.widgets.rank_list import RankList

MEANINGS = (
    ("Lists", "Left is BM25, right is what the reranker made of its first candidates (the depth)."),
    ("▲4 ▼2 =", "The shift: BM25 rank minus reranked rank. Up is better."),
    ("(5)", "The rank in the other list, where there is room for it."),
    ("+ -", "Behind a shift: the document entered or left the compared top rows."),
    ("Score", "BM25 on the left. On the right the score space is named in the title; a mix is relative to one query."),
    ("✂", "The model did not read all of the document; in its text a bar marks the lines that were read."),
    ("Shifts", "How the compared rows moved. Below, the farthest movers: arrows or a click select one in both lists."),
    ("tau", "Kendall's tau: do the documents in both lists keep their order? 1 yes, 0 by chance, -1 reversed."),
    ("rbo", "Rank-biased overlap, extrapolated: 1 for equal lists; .9 looks at some ten rows, .5 at the first few."),
    ("jaccard", "Documents in both lists over documents in either."),
    ("Scores", "The selected document's scores, the gaps to its neighbours, and what each term adds to BM25."),
    ("Latency", "Milliseconds of the last query by stage."),
    ("Model", "What state the model is in, and what it is waiting for."),
    ("Query", 'Plain words; "a phrase", title:word and body:word work too.'),
    ("+ - ] [", "Outside the query line, the same as ^↑ ^↓ F9 F8."),
    ("Mouse", "Click selects, the wheel scrolls; hold shift to select text as the terminal does."),
)


INDENT = 14
TEXT_CELLS = 62


class HelpScreen(ModalScreen[None]):
    """A page over the compare screen."""

    CSS_PATH = "help.tcss"
    BINDINGS = [Binding("escape,f1,question_mark,q", "dismiss", "Close")]

    def __init__(self, bindings: Sequence[BindingType]) -> None:
        super().__init__()
        self._bindings_shown = [binding for binding in bindings if isinstance(binding, Binding)]

    def compose(self) -> ComposeResult:
        """Two tables in one page."""
        with VerticalScroll() as page:
            page.border_title = Content("Help")
            page.border_subtitle = Content("Esc closes")
            yield Static(self._page())

    def _page(self) -> Content:
        keys = [(self._keys(one), one.tooltip or one.description) for one in self._bindings_shown]
        keys += [(self._keys(one), one.description) for one in RankList.BINDINGS if isinstance(one, Binding)]
        keys += [
            ("Tab", "Next panel"),
            ("^t", "Dark or light"),
            ("^p", "Every action, and the themes, by name"),
            ("^q", "Quit"),
        ]
        lines = [
            Content.assemble((f"{left:<{INDENT}}", "bold $primary"), _hanging(right))
            for left, right in (*keys, ("", ""), *MEANINGS)
        ]
        return Content("\n").join(lines)

    def _keys(self, binding: Binding) -> str:
        names = [self.app.get_key_display(single) for single in Binding.make_bindings([binding])]
        return " ".join(dict.fromkeys(names))


def _hanging(text: str) -> str:
    return f"\n{'':<{INDENT}}".join(wrap(text, TEXT_CELLS))
