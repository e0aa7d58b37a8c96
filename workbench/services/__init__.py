"""Use cases: async, without a screen and without a particular engine."""
