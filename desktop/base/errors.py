"""The error that all who look at model files raise."""


class ModelError(Exception):
    """A model file is refused, or does something else than it said: what was found, expected, to do."""
