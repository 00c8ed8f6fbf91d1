"""Formats one-line texts: untrusted text without harmful characters, and nats in one number format."""

import unicodedata

from desktop.base.minus import with_minus

MAX_CHARS = 300
NAME_CHARS = 80
# Characters that change the direction of text after them, so that "gnp.exe" is read as "exe.png".
DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LARGE_NATS = 1000
HIDDEN = frozenset(("Cc", "Cs", "Zl", "Zp"))  # control characters, surrogates, line and paragraph separators


def one_line(text: str, most: int = MAX_CHARS) -> str:
    r"""Return a text in one line, with the middle left out if it has more than `most` characters.

    Characters that are invisible or change the text's direction are written as in Python: `\n`, `\x1b`,
    `\u202e`. A byte of a file name that is not UTF-8 is written like `\xff`.
    """
    if len(text) > 4 * most:  # do not go through a text of megabytes
        text = text[: 2 * most] + text[-2 * most :]
    # Most texts are plain, and some are shown again at each step of a drag.
    seen = text if text.isprintable() else "".join(_seen(sign) for sign in text)
    if len(seen) <= most:
        return seen
    head = (most - 1) // 2
    return f"{seen[:head]}…{seen[head + 1 - most :]}"


def _seen(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":  # Python's form of bytes in file names that are not UTF-8
        return f"\\x{ord(sign) - 0xDC00:02x}"
    if sign in DIRECTIONS or unicodedata.category(sign) in HIDDEN:
        return sign.encode("unicode_escape", "backslashreplace").decode()
    return sign


def in_nats(nats: float, error_nats: float | None = None) -> str:
    """Format a number of nats with its unit; large numbers have fewer decimals.

    The standard error, if given, has the same number of decimals: "−147.24 ± 0.41 nats".
    """
    digits = "z.2f" if abs(nats) < LARGE_NATS else ",.1f"
    error = "" if error_nats is None else f" ± {error_nats:{digits}}"
    return with_minus(f"{nats:{digits}}{error} nats")
