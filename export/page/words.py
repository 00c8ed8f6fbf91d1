"""Makes names and facts from other people's files safe as text in a page."""

import json
import math
import unicodedata
from collections.abc import Mapping
from typing import Any

MOST_LETTERS = 200
# Control characters, characters that change the direction of writing, surrogates, and private characters.
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def plain(value: object, most: int = MOST_LETTERS) -> str:
    """A text of at most `most` characters, without invisible ones."""
    text = "".join(" " if c in "\t\n\r" else c for c in str(value)[: most + 1])
    text = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in HIDDEN else c for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def script_json(value: object) -> str:
    """JSON that is safe inside a script element: it cannot end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def facts_of(manifest: Mapping[str, Any]) -> list[list[str]]:
    """Names and values from a bundle's manifest about the model and how it was made, for people."""
    image, fit = manifest["image"], _object(manifest, "fit")
    metrics, dataset = _object(manifest, "metrics"), _object(manifest, "dataset")
    lines: list[tuple[str, object]] = [
        ("Picture", f"{image['width']} × {image['height']} pixels, {image['channels']} channel"
         + ("s" if image["channels"] != 1 else "")),
        ("Latent dimensions", manifest["latent_dim"]),
        ("Likelihood", manifest["likelihood"]),
        ("Data", dataset.get("name")),
        ("Recipe", fit.get("recipe")),
        ("Epochs", fit.get("epochs")),
        ("Filters", fit.get("filters")),
        ("Test ELBO", _nats(metrics.get("test_elbo_nats"), metrics.get("test_elbo_error_nats"))),
        ("Test rate (KL)", _nats(metrics.get("test_rate_nats"))),
        ("Test distortion", _nats(metrics.get("test_distortion_nats"))),
        ("Made", manifest["created"]),
    ]  # fmt: skip
    made_with = manifest.get("made_with")
    if isinstance(made_with, list):
        lines += [("Made with", line) for line in made_with[:4]]
    tools = _object(manifest, "tools")
    lines.append(("Tools", ", ".join(f"{name} {version}" for name, version in list(tools.items())[:8])))
    return [[name, plain(value)] for name, value in lines if value not in (None, "", [])]


def _object(manifest: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = manifest.get(key)
    return value if isinstance(value, dict) else {}


def _nats(value: object, error: object = None) -> str | None:
    """A number of nats, with its standard error if there is one."""
    if not isinstance(value, int | float):
        return None
    is_known = isinstance(error, float) and 0 <= error < math.inf
    return f"{value:.2f}{f' ± {error:.2f}' if is_known else ''} nats".replace("-", "−")
