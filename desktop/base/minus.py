"""The sign of negative numbers: a minus (U+2212) where people read them, a hyphen where they are copied.

Files, the clipboard and command lines use the hyphen, which every program reads. Typed or pasted text may use
either.
"""

import re

MINUS = "−"
OF_A_NUMBER = re.compile(rf"{MINUS}(?=\.?\d)")
HYPHEN_OF_A_NUMBER = re.compile(r"(?<![^\s(\[,=])-(?=\.?\d)")


def with_minus(number: str) -> str:
    """Return the text of a number as people read it."""
    return number.replace("-", MINUS)


def with_hyphen(text: str) -> str:
    """Return a text in which negative numbers have a hyphen, for programs; a minus between words stays."""
    return OF_A_NUMBER.sub("-", text)


def numbers_with_minus(text: str) -> str:
    """Return a text for people in which negative numbers have a minus; hyphens within words stay."""
    return HYPHEN_OF_A_NUMBER.sub(MINUS, text)
