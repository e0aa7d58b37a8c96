"""How one first-stage score came about, down to the last factor."""

from rich.text import Text
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from workbench.domain.ranking import Explanation
from workbench.ui.keys import EXPLAIN_KEYS
from workbench.ui.notices import ranked_by
from workbench.ui.text import safe_line

OPEN_DEPTH = 3
"""Levels below the score that are open at first."""
LABEL_LIMIT = 400


class ExplainScreen(ModalScreen[None]):
    """The tree of an explanation over the compare screen; branches are filled when they are opened."""

    CSS_PATH = "explain.tcss"
    BINDINGS = [*EXPLAIN_KEYS]

    def __init__(self, heading: str, explanation: Explanation, ranking: str = "bm25") -> None:
        """Explain one score.

        Args:
            heading: What has the score, such as a document's title; untrusted.
            explanation: Of any engine; untrusted.
            ranking: Name of what scored it.
        """
        super().__init__()
        self._ranking = ranked_by(ranking)
        self._heading = heading
        self._explanation = explanation

    def compose(self) -> ComposeResult:
        """One tree that fills the page."""
        tree = Tree[Explanation](_label(self._explanation), self._explanation)
        tree.border_title = safe_line(f"{self._ranking} · {self._heading}", limit=LABEL_LIMIT)
        tree.border_subtitle = safe_line("Enter opens and closes a branch · Esc closes")
        yield tree

    def on_mount(self) -> None:
        """Open the first levels."""
        _open(self.query_one(Tree).root, OPEN_DEPTH)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Explanation]) -> None:
        """Fill a branch the first time it is opened."""
        _fill(event.node)


def _open(node: TreeNode[Explanation], depth: int) -> None:
    if depth and node.data and node.data.details:
        _fill(node)
        node.expand()
        for child in node.children:
            _open(child, depth - 1)


def _fill(node: TreeNode[Explanation]) -> None:
    if node.data and not node.children:
        for detail in node.data.details:
            node.add(_label(detail), detail, allow_expand=bool(detail.details))


def _label(explanation: Explanation) -> Text:
    said = safe_line(explanation.description, limit=LABEL_LIMIT).plain
    return Text.assemble((f"{explanation.value:.6g}", "bold"), "  ", said)
