"""Every key of the compare screen: the one list that the footer, the help and the palette are made from."""

from textual.binding import Binding


def _key(id: str, key: str, action: str, name: str, tooltip: str, *, shown: bool = False, display: str = "") -> Binding:
    return Binding(key, action, name, show=shown, key_display=display or None, id=id, tooltip=tooltip)


COMPARE_KEYS = [
    _key("help", "f1,question_mark", "help", "Help", "Keys, columns and panels explained", shown=True, display="F1"),
    _key("query.focus", "slash,escape", "focus_query", "Query", "Go to the query line", shown=True, display="/"),
    _key("list.other", "f2", "other_list", "List", "Go to the other ranked list", shown=True),
    _key("query.choose", "ctrl+r", "queries", "Queries", "Choose a recent or a sample query", shown=True),
    _key("panel.other", "f6", "other_panel", "Scores", "Show the document's scores, or its text again", shown=True),
    _key("score.explain", "f7", "explain", "Explain", "Take the selected document's BM25 score apart"),
    _key("sample.next", "f3", "sample(1)", "Next sample", "Run the corpus's next sample query"),
    _key("sample.previous", "f4", "sample(-1)", "Previous sample", "Run the corpus's previous sample query"),
    _key("depth.more", "ctrl+up,plus", "depth(1)", "Deeper", "Rerank more candidates", shown=True, display="^↑"),
    _key(
        "depth.less", "ctrl+down,minus", "depth(-1)", "Shallower", "Rerank fewer candidates", shown=True, display="^↓"
    ),
    _key("mix.more", "f9,right_square_bracket", "weight(1)", "Mix more", "More of the model in the mix", display="F9"),
    _key("mix.less", "f8,left_square_bracket", "weight(-1)", "Mix less", "Less of the model in the mix", display="F8"),
    _key("corpus.choose", "ctrl+o", "corpora", "Corpus", "Search another corpus"),
    _key("model.retry", "f5", "model", "Retry model", "Get the model ready again after a failure"),
]
