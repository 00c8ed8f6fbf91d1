"""One entry in the list of shortcuts. No Qt."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shortcut:
    """The keys or mouse gesture of a shortcut, what it does, and where it works."""

    keys: str
    what: str
    where: str

    def matches(self, text: str) -> bool:
        """Whether the entry contains every word of `text`; keys match with and without "+"."""
        mine = f"{self.keys} {self.what} {self.where}".lower().replace("+", " + ")
        return all(word in mine or word in mine.replace(" ", "") for word in text.lower().split())
