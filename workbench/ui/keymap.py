"""The user's own keys: checked against the keys of the app, and what they change in a line that is typed into."""

import string
from collections.abc import Mapping

from textual.binding import Binding
from textual.keys import Keys
from textual.widgets import Input

from workbench.config.keymap import Keymap, KeyNames, KeyScope, check_keymap
from workbench.ui.keys import SCOPES

_COMPARE = ("Compare screen", "Everywhere")
_INSIDE = {
    "Compare screen": ("Everywhere",),
    "Presenter mode": _COMPARE,
    "Query line": ("Presenter mode", *_COMPARE),
    "Ranked lists": ("Presenter mode", *_COMPARE),
    **dict.fromkeys(("Document", "Request", "Scores", "Shifts", "Tuning"), _COMPARE),
    "Recall": ("Query drawer",),
    "Truncation": ("Experiments", "Everywhere"),
    **dict.fromkeys(("Tokens", "Verdict", "Chunks", "Ablation"), ("Truncation", "Experiments", "Everywhere")),
}
"""Which keys work besides; a screen that lies over the compare screen has none but its own."""
_TYPING = ("Query line", "Query drawer", "Save", "Recall", "Help")
_SCROLLING = frozenset({"home", "end", "pageup", "pagedown"})
_TAKEN = {
    **dict.fromkeys(("Document", "Request", "Scores"), _SCROLLING),
    "Explanation": frozenset({"up", "down", "enter", "space"}) | _SCROLLING,
}

_NAMES = frozenset(key.value for key in Keys if "<" not in key.value) - {"return", "ctrl-at", "ctrl+@"}
_CONFUSED = frozenset(f"ctrl+{key}" for key in "hijmqs")
"""What most terminals send as Backspace, Tab or Enter, or keep for themselves."""

_ALT = frozenset(f"alt+{key}" for key in string.ascii_lowercase + string.digits)

KEY_NAMES = KeyNames(
    characters={
        " ": "space",
        ",": "comma",
        **{
            sign: binding.key
            for sign in string.punctuation.replace(",", "")
            for binding in Binding.make_bindings([Binding(sign, "")])
        },
    },
    special=frozenset(key for key in _NAMES if "+" not in key) - {"space"},
    sure=frozenset(key for key in _NAMES if not key.rpartition("+")[2].isdigit()) - _CONFUSED | _ALT,
    reserved={
        "tab": "goes to the next panel",
        "shift+tab": "goes to the previous panel",
        "ctrl+c": "copies, or says how to quit",
        "ctrl+p": "opens the list of all actions",
        "ctrl+q": "quits",
    },
)


def key_scopes() -> tuple[KeyScope, ...]:
    """All scopes as the check of the user's keys wants them."""
    edits = frozenset(binding.key for binding in Binding.make_bindings(Input.BINDINGS))
    return tuple(
        KeyScope(
            name,
            {binding.id: tuple(binding.key.split(",")) for binding in bindings if binding.id},
            _INSIDE.get(name, ()),
            name in _TYPING,
            edits if name in _TYPING else _TAKEN.get(name, frozenset()),
        )
        for name, bindings in SCOPES.items()
    )


def checked_keys(raw: Mapping[str, object]) -> Keymap:
    """Check the `[keys]` of the settings against the keys of the app.

    Args:
        raw: As in the settings file.

    Returns:
        What `App.set_keymap` may be given, and what is to be said of the rest.
    """
    return check_keymap(raw, key_scopes(), KEY_NAMES) if raw else Keymap({}, ())


def moved_keys(keymap: Mapping[str, str]) -> frozenset[str]:
    """Collect the default keys of the actions that a keymap gives other keys.

    Textual drops the characters that a line of text consumes from the defaults before it looks at the keymap, so an
    action moved from a letter to a function key would be lost there. A line must not claim to consume these.

    Args:
        keymap: Keys by action id.
    """
    bindings = (binding for bindings in SCOPES.values() for binding in bindings)
    return frozenset(key for binding in bindings if binding.id in keymap for key in binding.key.split(","))
