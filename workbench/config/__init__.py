"""Settings, paths and themes."""
