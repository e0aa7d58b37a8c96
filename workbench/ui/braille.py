"""A small canvas of braille dots, two by four to a cell, so that slopes are smooth."""

from dataclasses import dataclass, field

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800


@dataclass
class Canvas:
    """Dots with one ink per cell; a later dot decides its cell's ink."""

    width: int
    """Cells."""
    height: int
    """Cells."""
    _bits: dict[tuple[int, int], int] = field(default_factory=dict)
    _inks: dict[tuple[int, int], str] = field(default_factory=dict)

    def dot(self, x: int, y: int, ink: str) -> None:
        """Set a dot, counted from the top left; one outside is ignored."""
        if 0 <= x < 2 * self.width and 0 <= y < 4 * self.height:
            cell = (y // 4, x // 2)
            self._bits[cell] = self._bits.get(cell, 0) | _DOTS[y % 4][x % 2]
            self._inks[cell] = ink

    def curve(self, start: int, end: int, ink: str) -> None:
        """Draw from the left edge to the right edge, flat at both ends and without gaps.

        Args:
            start: Dot row at the left edge; may lie outside.
            end: Dot row at the right edge; may lie outside.
            ink: A name that the caller knows.
        """
        last = 2 * self.width - 1
        before = start
        for x in range(last + 1):
            share = x / last if last else 1.0
            here = round(start + (end - start) * share * share * (3 - 2 * share))
            low, high = (before + 1, here) if here > before else (here, before - 1)
            for y in range(max(low, 0), min(high, 4 * self.height - 1) + 1):
                self.dot(x, y, ink)
            self.dot(x, here, ink)
            before = here

    def row(self, y: int) -> list[tuple[str, str | None]]:
        """One line of cells, as runs of text with their ink; None where there is none."""
        runs: list[tuple[str, str | None]] = []
        for x in range(self.width):
            bits = self._bits.get((y, x), 0)
            ink = self._inks[y, x] if bits else None
            text = chr(_BLANK + bits) if bits else " "
            if runs and runs[-1][1] == ink:
                runs[-1] = (runs[-1][0] + text, ink)
            else:
                runs.append((text, ink))
        return runs
