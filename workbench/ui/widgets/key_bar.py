"""The bottom line: the keys that work where the focus is, as one widget; Textual's footer is one for each key."""

from textual import events
from textual.app import RenderResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget


class KeyBar(Widget):
    """As many keys as fit, the palette's at the right end; a click does what the key does."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[Binding, ...] = ()
        self._places: list[tuple[int, int, str]] = []
        """Columns and action of each key that is drawn."""

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        active = [found.binding for found in screen.active_bindings.values() if found.binding.show and found.enabled]
        bindings = tuple({binding.action: binding for binding in reversed(active)}.values())[::-1]
        if bindings != self._keys:
            self._keys = bindings
            self.refresh()

    def render(self) -> RenderResult:
        """Draw the keys."""
        room = self.size.width - 2
        palette = self._item("^p", "palette")
        room -= palette.cell_length + 1
        parts, at = [Content(" ")], 1
        self._places = []
        for binding in self._keys:
            item = self._item(self.app.get_key_display(binding), binding.description)
            if at + item.cell_length > room:
                break
            self._places.append((at, at + item.cell_length, binding.action))
            parts += [item, Content("  ")]
            at += item.cell_length + 2
        gap = max(self.size.width - 1 - palette.cell_length - at, 0)
        self._places.append((at + gap, self.size.width, "app.command_palette"))
        return Content.assemble(*parts, " " * gap, palette)

    def _item(self, key: str, name: str) -> Content:
        return Content.assemble((key, "bold $accent"), " ", name)

    async def on_click(self, event: events.Click) -> None:
        """Do what the key does."""
        for start, end, action in self._places:
            if start <= event.x < end:
                await self.screen.run_action(action)
                return
