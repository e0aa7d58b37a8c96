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
    """Find the innermost scope whose keys a focused widget hears; None when it has none of its own."""
    for node in focused.ancestors_with_self if focused else ():
        ids = {binding.id for binding in node.BINDINGS if isinstance(binding, Binding)}
        for name, bindings in SCOPES.items():
            if any(binding.id in ids for binding in bindings):
                return name
    return None


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
