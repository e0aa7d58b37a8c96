"""The frame around what can be scrolled and chosen from: heavy where the keys go."""

FRAME = """
    border: round $line;
    border-title-color: $muted;
    border-title-style: bold;
    border-subtitle-color: $muted;
    background: $background;
    color: $foreground;
    scrollbar-size-vertical: 1;
    scrollbar-color: $line;
    scrollbar-color-hover: $primary;
    scrollbar-color-active: $primary;
    scrollbar-background: $background;
    scrollbar-background-hover: $background;
    scrollbar-background-active: $background;
    &:focus { border: heavy $primary; border-title-color: $primary; border-subtitle-color: $foreground; }
"""
"""Rules to put into a widget's own."""
