"""Every key of the app: the one place that footer, help, palette, key table and the user's keymap read."""

from dataclasses import replace

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import REPLACED_KEYS, key_to_character


def _key(id: str, key: str, action: str, name: str, tooltip: str = "", display: str = "") -> Binding:
    """A key that the footer shows when it has a display."""
    return Binding(key, action, name, show=bool(display), key_display=display or None, id=id, tooltip=tooltip or name)


APP_KEYS = [
    _key("theme.choose", "ctrl+t", "themes", "Theme", "Choose a theme, with a live preview"),
]

COMPARE_KEYS = [
    _key("help", "f1,question_mark", "app.help", "Help", "Keys, panels and numbers explained", display="F1"),
    _key("query.focus", "slash", "focus_query", "Query", "Go to the query line", display="/"),
    _key("leave", "escape", "leave", "Back", "Leave the maximised panel or presenter mode, else go to the query line"),
    _key("list.other", "f2", "other_list", "List", "Go to the other ranked list", display="F2"),
    _key("query.choose", "ctrl+r", "queries", "Queries", "Choose a recent or a sample query", display="^r"),
    _key("panel.next", "f6", "panel(1)", "Panel", "Show the next panel below the lists", display="F6"),
    _key("panel.previous", "shift+f6,f18", "panel(-1)", "Previous panel", "Show the previous panel below the lists"),
    _key("jump", "ctrl+g,semicolon", "jump", "Jump", "Go to any panel by a letter"),
    _key("tune.form", "t", "tuning", "Tune", "Change boosts, mix, depth, size and the reranked fields", display="t"),
    _key("baseline.pin", "equals_sign", "baseline", "Pin", "Pin these settings as the left list", display="="),
    _key("present", "p", "present", "Present", "Show nothing but the query and the two lists", display="p"),
    _key("depth.more", "ctrl+up,plus", "tune('depth', 1)", "Deeper", "Rerank more candidates"),
    _key("depth.less", "ctrl+down,minus", "tune('depth', -1)", "Shallower", "Rerank fewer candidates"),
    _key("mix.more", "f9,right_square_bracket", "tune('mix', 1)", "Mix more", "More of the model in the mix"),
    _key("mix.less", "f8,left_square_bracket", "tune('mix', -1)", "Mix less", "Less of the model in the mix"),
    _key("tune.undo", "u", "undo", "Undo", "Undo the last change of a setting"),
    _key("tune.reset", "U", "reset", "Reset", "Set every setting back to what it was at the start"),
    _key("sample.next", "f3", "sample(1)", "Next sample", "Run the corpus's next sample query"),
    _key("sample.previous", "f4", "sample(-1)", "Previous sample", "Run the corpus's previous sample query"),
    _key("state.save", "s", "save_state", "Save", "Save query and settings under a name"),
    _key("state.recall", "o", "recall_state", "Recall", "Recall a saved query with its settings"),
    _key(
        "score.explain",
        "f7",
        "explain",
        "Explain",
        "Take the selected document's BM25 score, or the first stage's, apart",
    ),
    _key(
        "truncation.inspect",
        "i",
        "inspect_tokens",
        "Inspect",
        "See token by token what the model read, and try whether it mattered",
    ),
    _key("view.freeze", "f", "freeze", "Freeze", "Keep what is shown while work goes on; again to go on"),
    _key("view.maximize", "z", "zoom", "Maximise", "Give the panel in use the whole screen, or back"),
    _key("copy", "y", "copy", "Copy", "Copy what is selected, or what the panel in use shows"),
    _key("document.pager", "v", "pager", "Pager", "Read the selected document in $PAGER"),
    _key("document.editor", "e", "editor", "Editor", "Open a copy of the selected document in $EDITOR"),
    _key("corpus.choose", "ctrl+o", "corpora", "Corpus", "Search another corpus, index or profile"),
    _key("profile.choose", "w", "profiles", "Profile", "Switch profile: another cluster, or this machine"),
    _key("template.edit", "T", "template", "Template", "Edit the query template in $EDITOR"),
    _key("model.retry", "f5", "model", "Retry model", "Get the model ready again after a failure"),
]

PRESENT_KEYS = [
    _key("present.scores", "h", "scores", "Scores", "Hide the scores, or show them"),
    _key("present.blind", "b", "blind", "Blind", "Vote without knowing which list is which"),
    _key("present.left", "1", "vote('left')", "Left", "The left list is better"),
    _key("present.right", "2", "vote('right')", "Right", "The right list is better"),
    _key("present.same", "0", "vote('same')", "No difference", "Neither list is better"),
    _key("present.reveal", "r", "reveal", "Reveal", "Say which list is which, without a vote"),
]

QUERY_KEYS = [
    _key("query.next-row", "down", "browse('move', 1)", "Next row"),
    _key("query.previous-row", "up", "browse('move', -1)", "Previous row; in an empty line, recent queries"),
    _key("query.next-page", "pagedown", "browse('page', 1)", "Next page"),
    _key("query.previous-page", "pageup", "browse('page', -1)", "Previous page"),
]

LIST_KEYS = [
    _key("list.next", "down,j", "move(1)", "Next row"),
    _key("list.previous", "up,k", "move(-1)", "Previous row"),
    _key("list.page-down", "pagedown,ctrl+f", "page(1)", "Next page"),
    _key("list.page-up", "pageup,ctrl+b", "page(-1)", "Previous page"),
    _key("list.first", "home,g", "edge(0)", "First row"),
    _key("list.last", "end,G", "edge(-1)", "Last row"),
]

DOCUMENT_KEYS = [
    _key("document.down", "down,j", "scroll_down", "Scroll down"),
    _key("document.up", "up,k", "scroll_up", "Scroll up"),
]

REQUEST_KEYS = [
    _key("request.down", "down,j", "scroll_down", "Scroll down"),
    _key("request.up", "up,k", "scroll_up", "Scroll up"),
    _key("request.curl", "c", "copy_as('curl')", "Copy as curl", "Copy what was sent to a server as curl commands"),
    _key("request.console", "d", "copy_as('console')", "Copy for Dev Tools", "Copy it as Dev Console text"),
]

SCORES_KEYS = [
    _key("scores.down", "down,j", "scroll_down", "Scroll down"),
    _key("scores.up", "up,k", "scroll_up", "Scroll up"),
    _key("scores.space", "x", "space", "Next score space", "Plot the scores in the next score space they have"),
    _key("scores.threshold-up", "right,l", "threshold(1)", "Raise the threshold"),
    _key("scores.threshold-down", "left,h", "threshold(-1)", "Lower the threshold"),
    _key("scores.threshold-off", "backspace,delete", "threshold(0)", "No threshold", "Take the threshold off"),
]

SHIFTS_KEYS = [
    _key("shifts.next", "down,j", "choose(1)", "Next mover"),
    _key("shifts.previous", "up,k", "choose(-1)", "Previous mover"),
]

TUNING_KEYS = [
    _key("tuning.next", "down,j", "move(1)", "Next setting"),
    _key("tuning.previous", "up,k", "move(-1)", "Previous setting"),
    _key("tuning.more", "right,l", "change(1)", "More"),
    _key("tuning.less", "left,h", "change(-1)", "Less"),
    _key("tuning.back", "backspace,delete", "restore", "Set it back to what it was at the start"),
]

DRAWER_KEYS = [
    _key("queries.close", "escape", "close", "Close"),
    _key("queries.next", "down", "move(1)", "Next query"),
    _key("queries.previous", "up", "move(-1)", "Previous query"),
    _key("queries.next-page", "pagedown", "page(1)", "Next page"),
    _key("queries.previous-page", "pageup", "page(-1)", "Previous page"),
]

SAVE_KEYS = [
    _key("save.close", "escape", "close", "Close"),
]

RECALL_KEYS = [
    # Before the line that is typed into takes it.
    replace(_key("recall.remove", "delete", "remove", "Remove", "Remove the saved state"), priority=True),
]

EXPLAIN_KEYS = [
    _key("explain.close", "escape,q", "dismiss", "Close"),
]

HELP_KEYS = [
    _key("help.close", "escape,f1", "close", "Close"),
    _key("help.down", "down", "scroll(1)", "Scroll down"),
    _key("help.up", "up", "scroll(-1)", "Scroll up"),
    _key("help.page-down", "pagedown", "page(1)", "Next page"),
    _key("help.page-up", "pageup", "page(-1)", "Previous page"),
]

JUMP_KEYS = [
    _key("jump.close", "escape,ctrl+g,semicolon", "close", "Stay here"),
]

TRUNCATION_KEYS = [
    _key("truncation.help", "f1,question_mark", "app.help", "Help", "Keys, panels and numbers explained", display="F1"),
    _key("truncation.tokens", "1", "view('tokens')", "Tokens", "See what was read, token by token"),
    _key("truncation.verdict", "2", "view('verdict')", "Verdict", "See whether what was not read mattered"),
    _key("truncation.chunks", "3", "view('chunks')", "Chunks", "See the document cut into chunks"),
    _key("truncation.ablation", "4", "view('ablation')", "Ablation", "See what each part adds to the score"),
    _key("truncation.next-view", "f6", "turn(1)", "Next view", "Show the next of the four views"),
    _key("truncation.previous-view", "shift+f6,f18", "turn(-1)", "Previous view", "Show the view before"),
    _key("truncation.next", "right_square_bracket", "candidate(1)", "Next", "Look at the next candidate", display="]"),
    _key("truncation.previous", "left_square_bracket", "candidate(-1)", "Previous", "Look at the candidate before"),
    _key(
        "truncation.next-cut",
        "right_curly_bracket",
        "candidate(1, True)",
        "Next cut",
        "Look at the next one that is cut",
    ),
    _key(
        "truncation.previous-cut",
        "left_curly_bracket",
        "candidate(-1, True)",
        "Previous cut",
        "Look at the one before that is cut",
    ),
    _key("truncation.listed", "backspace,delete", "listed", "Listed", "Go back from pasted text to the candidate"),
    _key("truncation.copy", "y", "copy", "Copy", "Copy what is selected, or what the view shows"),
    _key("truncation.cut", "c", "cut", "Cut", "Go to where reading stopped; again to the next such place", display="c"),
    _key("truncation.bounds", "b", "shade", "Bounds", "Shade every other token, or none", display="b"),
    _key(
        "truncation.pieces",
        "p",
        "pieces",
        "Pieces",
        "Draw a cell for each token, as the vocabulary writes it",
        display="p",
    ),
    _key("truncation.ids", "n", "ids", "Ids", "Draw the tokens' numbers under them", display="n"),
    _key("truncation.lengths", "d", "lengths", "Lengths", "Show how long the candidates are, or hide it", display="d"),
    _key("truncation.remarks", "w", "remarks", "Remarks", "Show all remarks above the text, or as many as fit"),
    _key("truncation.more", "plus", "budget(1)", "More", "What if the budget were larger"),
    _key("truncation.less", "minus", "budget(-1)", "Less", "What if the budget were smaller"),
    _key("truncation.strategy", "s", "strategy", "Strategy", "What if it were cut by another strategy"),
    _key("truncation.model", "m", "model", "Model", "What if another model read it"),
    _key("truncation.fields", "f", "fields", "Fields", "What if other fields were read"),
    _key("truncation.reset", "r", "really", "As it is", "Go back to how the model really reads", display="r"),
]

TOKENS_KEYS = [
    _key("tokens.down", "down,j", "line(1)", "Scroll down"),
    _key("tokens.up", "up,k", "line(-1)", "Scroll up"),
    _key("tokens.page-down", "pagedown,ctrl+f", "page(1)", "Next page"),
    _key("tokens.page-up", "pageup,ctrl+b", "page(-1)", "Previous page"),
    _key("tokens.first", "home,g", "edge(0)", "To the beginning"),
    _key("tokens.last", "end,G", "edge(1)", "To the end"),
]

EXPERIMENT_KEYS = [
    _key("experiment.start", "enter", "start", "Start", "Make the experiment of this view", display="⏎"),
    _key("experiment.leave", "escape", "leave", "Back", "Stop the experiment of this view, else leave", display="Esc"),
]

VERDICT_KEYS = [
    _key("verdict.sort", "o", "sort", "Order", "Order by what would change most, or as reranked", display="o"),
    _key("verdict.other", "x", "other", "Would be", "Show what the list would be, or what was cut", display="x"),
]

CHUNK_KEYS = [
    _key("chunks.next-way", "right,l", "way(1)", "Next way", "Cut the text in the next way"),
    _key("chunks.all", "x", "all", "Score all", "Also score chunks that the model would not be given", display="x"),
    _key("chunks.previous-way", "left,h", "way(-1)", "Previous way", "Cut the text in the previous way"),
]

ABLATION_KEYS = [
    _key("ablation.sort", "o", "sort", "Order", "Order by what each part adds, or as in the text", display="o"),
    _key(
        "ablation.parts",
        "x",
        "parts",
        "Terms",
        "Leave out terms of the query, or sentences of the text",
        display="x",
    ),
]

SCOPES: dict[str, list[Binding]] = {
    "Everywhere": APP_KEYS,
    "Compare screen": COMPARE_KEYS,
    "Presenter mode": PRESENT_KEYS,
    "Query line": QUERY_KEYS,
    "Ranked lists": LIST_KEYS,
    "Document": DOCUMENT_KEYS,
    "Request": REQUEST_KEYS,
    "Scores": SCORES_KEYS,
    "Shifts": SHIFTS_KEYS,
    "Tuning": TUNING_KEYS,
    "Query drawer": DRAWER_KEYS,
    "Save": SAVE_KEYS,
    "Recall": RECALL_KEYS,
    "Explanation": EXPLAIN_KEYS,
    "Truncation": TRUNCATION_KEYS,
    "Tokens": TOKENS_KEYS,
    "Experiments": EXPERIMENT_KEYS,
    "Verdict": VERDICT_KEYS,
    "Chunks": CHUNK_KEYS,
    "Ablation": ABLATION_KEYS,
    "Jump mode": JUMP_KEYS,
    "Help": HELP_KEYS,
}
"""By where they work. Letters and signs of the compare screen work outside the query line."""

_PRINTED = {
    "backspace": "Backspace", "delete": "Del", "down": "↓", "end": "End", "enter": "Enter", "escape": "Esc",
    "home": "Home", "insert": "Ins", "left": "←", "pagedown": "PgDn", "pageup": "PgUp", "right": "→",
    "space": "Space", "tab": "Tab", "up": "↑",
}  # fmt: skip


def scope_of(focused: DOMNode | None) -> str | None:
    """Find the scope whose keys matter most to a focused widget; None when it hears none but the screen's.

    A list or a text that is part of a view with keys of its own counts as that view.
    """
    found = None
    for node in focused.ancestors_with_self if focused else ():
        if found and focused and node in (focused.screen, focused.app):
            break
        ids = {binding.id for binding in node.BINDINGS if isinstance(binding, Binding)}
        found = next((name for name, keys in SCOPES.items() if any(key.id in ids for key in keys)), found)
    return found


def printed(key: str) -> str:
    """Name a key as it stands on the keyboard.

    Args:
        key: Such as `question_mark`, `ctrl+r` or `f18`, which is what most terminals make of Shift and F6.
    """
    *modifiers, base = key.split("+")
    if base[0] == "f" and base[1:].isdigit():
        number = int(base[1:])
        modifiers += ["shift"] if number > 12 else []
        base = f"F{(number - 1) % 12 + 1}"
    elif len(base) == 1:
        base = base.upper() if modifiers else base
    else:
        base = _PRINTED.get(base) or key_to_character(REPLACED_KEYS.get(base, base)) or base
    return "+".join([*(modifier.capitalize() for modifier in sorted(modifiers)), base])
