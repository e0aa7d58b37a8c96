"""Every key of the app: complete, free of clashes, within reach of any terminal, and the same in the README."""

import importlib
import pkgutil
import random
import tomllib
from collections.abc import Iterator
from pathlib import Path

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widget import Widget
from textual.widgets import Input

import workbench.ui
from workbench.config.keymap import clashes
from workbench.ui.glossary import PARTS
from workbench.ui.key_table import COMMAND, key_rows, markdown, rewritten
from workbench.ui.keymap import KEY_NAMES, checked_keys, key_scopes, moved_keys
from workbench.ui.keys import COMPARE_KEYS, LIST_KEYS, SCOPES, VERDICT_KEYS, printed, scope_of

KNOWN = {binding.id: binding for bindings in SCOPES.values() for binding in bindings}
README = Path(__file__).parents[2] / "README.md"


def own_bindings() -> Iterator[tuple[type[DOMNode], Binding]]:
    """Every binding that a class of ours declares."""
    for module in pkgutil.walk_packages(workbench.ui.__path__, "workbench.ui."):
        if module.name != "workbench.ui.key_table":
            importlib.import_module(module.name)
    pending: list[type[DOMNode]] = [DOMNode]
    while pending:
        cls = pending.pop()
        pending += cls.__subclasses__()
        if cls.__module__.startswith("workbench."):
            for binding in cls.__dict__.get("BINDINGS", ()):
                assert isinstance(binding, Binding), f"{cls.__name__}: {binding} has no id"
                yield cls, binding


def test_every_key_is_defined_in_the_one_place_with_id_and_tooltip() -> None:
    stray = {
        f"{cls.__name__}: {binding.key} ({binding.id})"
        for cls, binding in own_bindings()
        if binding != KNOWN.get(binding.id)
    }
    assert not stray, "not in workbench/ui/keys.py: " + ", ".join(sorted(stray))
    for binding in KNOWN.values():
        assert binding.id and binding.tooltip and binding.action


def test_ids_are_unique() -> None:
    ids = [binding.id for bindings in SCOPES.values() for binding in bindings]
    assert len(ids) == len(set(ids))


def test_the_default_keys_do_not_clash() -> None:
    assert list(clashes(key_scopes(), {})) == []


def test_the_default_keys_pass_the_check_that_the_users_keys_pass() -> None:
    assert checked_keys({id: binding.key for id, binding in KNOWN.items() if id}).findings == ()


def test_every_action_has_a_key_that_any_terminal_can_send() -> None:
    sent = {key for keys in ANSI_SEQUENCES_KEYS.values() if isinstance(keys, tuple) for key in map(str.lower, keys)}
    confused = {"ctrl+i", "ctrl+m", "ctrl+j", "ctrl+h", "ctrl+s", "ctrl+q", "ctrl+enter", "shift+enter"}
    for id, binding in KNOWN.items():
        keys = set(binding.key.split(","))
        assert any(KEY_NAMES.types(key) or key in sent for key in keys - confused), f"{id}: {binding.key}"
    assert not confused & KEY_NAMES.sure


def test_any_valid_choice_of_keys_works_in_the_screen_library_too() -> None:
    """Its own handling of a clash drops actions in silence; what passes our check never gets that far."""
    ids = [binding.id for binding in LIST_KEYS if binding.id]
    for seed in range(60):
        shuffled = random.Random(seed)
        pool = [key for binding in LIST_KEYS for key in binding.key.split(",")] + ["n", "N", "ctrl+n", "f10", "f11"]
        shuffled.shuffle(pool)
        chosen = {id: ",".join(pool.pop() for _ in range(shuffled.choice((1, 2)))) for id in ids}
        keymap = checked_keys(chosen)
        assert keymap.findings == (), keymap.message
        bindings = Lists()._bindings.copy()
        bindings.apply_keymap(keymap.keys)
        for id, keys in chosen.items():
            for key in keys.split(","):
                assert {binding.id for binding in bindings.key_to_bindings[key]} == {id}


class Lists(Widget, can_focus=True):
    BINDINGS = [*LIST_KEYS]


class Small(App[None]):
    def compose(self) -> ComposeResult:
        yield Lists()
        yield Plain()
        with View():
            yield Lists()


class View(Widget):
    BINDINGS = [*VERDICT_KEYS]


class Plain(Widget, can_focus=True):
    pass


async def test_the_scope_is_that_of_the_view_else_of_the_widget_itself() -> None:
    async with Small().run_test() as pilot:
        assert scope_of(pilot.app.query("Lists").first()) == "Ranked lists"
        assert scope_of(pilot.app.query_one("View Lists")) == "Verdict"
        assert scope_of(pilot.app.query_one(Plain)) is None
        assert scope_of(None) is None


class Line(Input):
    """Consumes what it must, as every line of the app has to."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return super().check_consume_key(key, character) and key not in moved_keys(MOVED)


MOVED = {"present": "f10"}


class Typing(App[None]):
    BINDINGS = [*COMPARE_KEYS]

    def compose(self) -> ComposeResult:
        yield Line()

    def action_present(self) -> None:
        self.title = "presenting"


async def test_an_action_moved_from_a_letter_to_a_function_key_works_while_typing() -> None:
    async with Typing().run_test() as pilot:
        pilot.app.set_keymap(checked_keys(MOVED).keys)
        await pilot.press("p")
        assert pilot.app.query_one(Line).value == "p" and pilot.app.title != "presenting"
        await pilot.press("f10")
        assert pilot.app.title == "presenting"


def test_keys_are_shown_as_they_are_printed_on_the_keyboard() -> None:
    shown = {key: printed(key) for binding in KNOWN.values() for key in binding.key.split(",")}
    assert shown["question_mark"] == "?"
    assert shown["ctrl+r"] == "Ctrl+R"
    assert shown["f18"] == shown["shift+f6"] == "Shift+F6"
    assert shown["G"] == "G"
    assert shown["pagedown"] == "PgDn"
    assert not any("_" in name or name.isspace() for name in shown.values())


def test_the_users_keys_take_the_place_of_the_default_ones_in_the_table() -> None:
    rows = {row.id: row.keys for row in key_rows("Ranked lists", {"list.next": "n,ctrl+n"})}
    assert rows["list.next"] == ("n", "Ctrl+N")
    assert rows["list.previous"] == ("↑", "k")


def test_every_action_is_in_the_table() -> None:
    table = markdown()
    for id in KNOWN:
        assert f"| `{id}` |" in table


def test_the_readme_holds_the_key_table() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == rewritten(text), f"the keys in README.md are out of date; run: {COMMAND}"


def test_the_readmes_example_of_own_keys_holds() -> None:
    example = README.read_text(encoding="utf-8").partition("```toml\n[keys]")[2].partition("```")[0]
    keymap = checked_keys(tomllib.loads(example))
    assert keymap.keys and not keymap.message


def test_every_scope_that_a_person_sees_is_explained() -> None:
    assert set(SCOPES) - set(PARTS) <= {"Everywhere", "Help"}


def test_a_screen_over_the_compare_screen_keeps_its_keys_to_itself() -> None:
    assert checked_keys({"jump.close": "f3", "queries.close": "f4", "explain.close": "t"}).findings == ()
