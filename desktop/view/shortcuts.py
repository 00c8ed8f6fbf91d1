"""One line of the list of shortcuts. No Qt."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortcut:
    """What to press or to do with the mouse, what it does, and where it works."""

    keys: str
    what: str
    where: str

    def matches(self, text: str) -> bool:
        """Whether every word of `text` is in it, as it is or spelt out."""
        mine = f"{self.keys} {self.what} {self.where}".lower().replace("+", " + ")
        return all(word in mine or word in mine.replace(" ", "") for word in text.lower().split())
