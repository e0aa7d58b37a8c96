"""Screens, one file and one stylesheet each."""
