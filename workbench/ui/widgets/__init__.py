"""Widgets, one file each, named after what a person sees."""
