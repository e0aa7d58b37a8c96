"""The user's own keys: what holds, what is refused, and what is said about it."""

import random
from collections.abc import Mapping

import pytest

from workbench.config.keymap import Keymap, KeyNames, KeyScope, check_keymap, clashes

NAMES = KeyNames(
    characters={"?": "question_mark", "+": "plus", ",": "comma", " ": "space"},
    special=frozenset({"f1", "f2", "f3", "f4", "up", "down", "escape", "enter", "pagedown", "tab", "home"}),
    sure=frozenset(
        {"f1", "f2", "f3", "f4", "up", "down", "escape", "enter", "pagedown", "home", "ctrl+r", "ctrl+left"}
    ),
    reserved={"tab": "goes to the next panel"},
)
SCOPES = (
    KeyScope("App", {"theme": ("f4",)}),
    KeyScope("Screen", {"help": ("f1", "question_mark"), "save": ("s",), "run": ("f2",)}, ("App",)),
    KeyScope("List", {"list.next": ("down", "j"), "list.last": ("end", "G")}, ("Screen", "App")),
    KeyScope("Text", {"text.down": ("down", "j")}, ("Screen", "App"), taken=frozenset({"home", "down"})),
    KeyScope("Line", {"line.next": ("down",)}, ("Screen", "App"), typing=True, taken=frozenset({"ctrl+r", "home"})),
    KeyScope("Drawer", {"drawer.close": ("escape",)}, typing=True, taken=frozenset({"home"})),
)


def check(raw: Mapping[str, object]) -> Keymap:
    return check_keymap(raw, SCOPES, NAMES)


def refused(raw: Mapping[str, object]) -> dict[str, str]:
    """What is said, by id; nothing that it is said of may be in the keymap."""
    keymap = check(raw)
    assert not {finding.id for finding in keymap.findings} & set(keymap.keys)
    return {finding.id: finding.problem for finding in keymap.findings}


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("f3", "f3"),
        ("n , f3", "n,f3"),
        ("+", "plus"),
        ("comma", "comma"),
        ("N,n,n", "N,n"),
        ("ä", "ä"),
        ("shift+ctrl+pagedown,n", "ctrl+shift+pagedown,n"),
        ("ctrl+question_mark,n", "ctrl+question_mark,n"),
    ],
)
def test_keys_that_hold_are_named_as_the_screen_hears_them(written: str, keys: str) -> None:
    keymap = check({"list.next": written})
    assert keymap.keys == {"list.next": keys}
    assert keymap.message == ""


def test_ids_may_be_written_without_quotes() -> None:
    assert check({"list": {"next": "n"}}).keys == {"list.next": "n"}


def test_an_unknown_action_is_named_with_the_nearest_one() -> None:
    assert refused({"lst.next": "n", "zzzzz": "f3"}) == {
        "lst.next": "there is no such action, did you mean list.next?",
        "zzzzz": "there is no such action",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ctrl+banana", None),
        ("banana", None),
        ("Ctrl+R", "ctrl+r"),
        ("^r", "ctrl+r"),
        ("control+r", "ctrl+r"),
        ("esc", "escape"),
        ("pgdn", "pagedown"),
        ("shift+a", "A"),
        ("ctrl+ctrl+r", None),
        ("ctrl+", None),
        ("\x1b[2J", None),
    ],
)
def test_a_key_that_does_not_exist_is_named_with_the_one_that_was_meant(written: str, meant: str | None) -> None:
    said = refused({"list.next": written})["list.next"]
    assert said.startswith("there is no key ")
    assert said.partition(", did you mean ")[2] == (f"{meant}?" if meant else "")


@pytest.mark.parametrize("value", ["", "  "])
def test_a_key_cannot_be_taken_away(value: str) -> None:
    assert "no key" in refused({"help": value})["help"]


def test_an_empty_key_between_commas_tells_how_the_comma_is_called() -> None:
    assert "comma" in refused({"list.next": "n,,"})["list.next"]


@pytest.mark.parametrize("value", [3, True, 1.5, ["n"]])
def test_what_is_no_text_is_refused_with_an_example(value: object) -> None:
    assert 'write keys as "down,j"' in refused({"list.next": value})["list.next"]


def test_a_reserved_key_stays_what_it_is() -> None:
    assert refused({"list.next": "tab"})["list.next"] == "tab is not free, it goes to the next panel"


def test_a_character_cannot_be_a_key_where_it_is_typed() -> None:
    for id in ("line.next", "drawer.close"):
        assert refused({id: "n"})[id] == "n is typed as text where this action works"
        assert refused({id: "space"})[id].startswith("space is typed")


def test_a_key_that_many_terminals_cannot_send_must_not_be_the_only_one() -> None:
    assert "many terminals" in refused({"list.next": "ctrl+m"})["list.next"]
    assert check({"list.next": "ctrl+m,n"}).keys == {"list.next": "ctrl+m,n"}


def test_a_clash_within_a_scope_is_named_with_the_other_action() -> None:
    assert refused({"list.last": "j"}) == {"list.last": "j is a key of list.next"}


def test_a_clash_with_a_scope_around_is_one_from_either_side() -> None:
    assert refused({"list.next": "f2"}) == {"list.next": "f2 is a key of run"}
    assert refused({"list.next": "f4"}) == {"list.next": "f4 is a key of theme"}
    assert "j is a key of list.next" in refused({"run": "j"})["run"]


def test_scopes_that_are_never_there_together_may_share_a_key() -> None:
    assert check({"text.down": "G", "drawer.close": "f1"}).findings == ()


def test_a_character_of_the_screen_and_the_query_line_do_not_clash() -> None:
    assert check({"save": "x"}).keys == {"save": "x"}


def test_a_key_that_something_inside_takes_is_named_with_the_place() -> None:
    assert refused({"run": "ctrl+r"}) == {"run": "ctrl+r has another use in: Line"}
    assert refused({"run": "home"}) == {"run": "home has another use in: Text, Line"}
    assert refused({"drawer.close": "home"}) == {"drawer.close": "home has another use in: Drawer"}


def test_two_actions_may_swap_their_keys() -> None:
    assert check({"run": "f4", "theme": "f2"}).keys == {"run": "f4", "theme": "f2"}


def test_where_two_entries_want_one_key_the_first_has_it() -> None:
    keymap = check({"run": "f3", "theme": "f3"})
    assert keymap.keys == {"run": "f3"}
    assert [str(finding) for finding in keymap.findings] == ["theme = 'f3': f3 is a key of run"]


def test_half_a_swap_is_refused_when_the_other_half_is() -> None:
    assert refused({"run": "f4", "theme": "ctrl+banana"}) == {
        "run": "f4 is a key of theme",
        "theme": "there is no key ctrl+banana",
    }


def test_an_entry_is_not_refused_for_another_that_is_refused_anyway() -> None:
    keymap = check({"help": "s,f3", "run": "f3"})
    assert keymap.keys == {"run": "f3"}
    assert "s is a key of save" in keymap.findings[0].problem


def test_one_message_lists_everything_and_the_rest_holds() -> None:
    keymap = check({"lst": "n", "list.next": "ctrl+banana,tab", "help": "", "save": 3, "run": "f3"})
    assert keymap.keys == {"run": "f3"}
    lines = keymap.message.splitlines()
    assert [line.split(" = ")[0] for line in lines[:-1]] == ["lst", "list.next", "help", "save"]
    assert "'ctrl+banana,tab': there is no key ctrl+banana; tab is not free" in lines[1]
    assert lines[-1].endswith("everything else holds.")


def test_nothing_in_the_message_can_reach_the_terminal_as_a_command() -> None:
    message = check({"\x1b[2J\u202e": "\x1b]0;x\x07", "list.next": "\x1b[2J,\u202eb" + "x" * 10_000}).message
    assert message.replace("\n", "").isprintable()
    assert len(message) < 1000


def test_any_permutation_of_keys_that_do_not_clash_is_fine() -> None:
    scopes = (*SCOPES[:3], SCOPES[-1])
    together = {id: keys for scope in scopes[:3] for id, keys in scope.actions.items()}
    for seed in range(200):
        shuffled = random.Random(seed)
        pool = [*"abcdefgh", "f1", "f2", "f3", "f4", "up", "down", "enter", "pagedown"]
        shuffled.shuffle(pool)
        chosen = {id: ",".join(pool.pop() for _ in range(shuffled.choice((1, 2)))) for id in together}
        keymap = check_keymap(chosen, scopes, NAMES)
        assert keymap.findings == ()
        assert keymap.keys == chosen


def test_whatever_is_written_what_holds_does_not_clash() -> None:
    ids = [id for scope in SCOPES for id in scope.actions]
    for seed in range(300):
        rolled = random.Random(seed)
        raw = {
            id: rolled.choice(["f1", "f2", "f3", "f4", "j,down", "s", "home", "x"])
            for id in ids
            if rolled.random() < 0.7
        }
        keymap = check(raw)
        assert {finding.id for finding in keymap.findings} | set(keymap.keys) == set(raw)
        assert not list(clashes(SCOPES, {id: tuple(keys.split(",")) for id, keys in keymap.keys.items()}))
