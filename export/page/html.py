"""Builds one HTML file of template, style sheet, modules and model; its policy lets it load nothing else."""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from export.page.words import script_json

SOURCES = Path(__file__).parent
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";\n', re.M)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.M)
COMMENT = re.compile(r"^[ \t]*/\*\*(?:[^*]|\*(?!/))*\*/\n|^[ \t]*//.*\n", re.M)


def page(title: str, facts: Mapping[str, Any], blocks: Mapping[str, str]) -> str:
    """The whole page. `facts` are for the script, `blocks` are base64 texts by name."""
    script = bundled("app.js")
    style = _source("page.css")
    worker = bundled("worker.js")
    data = "\n".join(
        f'<script type="application/octet-stream" id="block-{name}">{text}</script>'
        for name, text in blocks.items()
    )
    # The only WebAssembly is this project's own matrix product; the policy prevents loading any other.
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}' 'wasm-unsafe-eval'; style-src '{_hash(style)}'; "
        "img-src data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'"
    )
    places = {
        "policy": html.escape(policy),
        "title": html.escape(title),
        "style": style,
        "body": _source("body.html"),
        "facts": script_json(facts),
        "worker": script_json(worker),
        "blocks": data,
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: places[found[1]], _source("page.html"))


def bundled(entry: str) -> str:
    """A module and all its imports as one script: each module becomes a function that returns its exports."""
    order: list[str] = []
    _visit(entry, order, ())
    parts = [_as_function(name) for name in order]
    return '"use strict";\n' + "".join(parts)


def _visit(name: str, order: list[str], above: tuple[str, ...]) -> None:
    if name in above:
        raise ValueError(
            f"js/{name}: found that it imports itself through {', '.join(above)}, expected no circle"
        )
    if name not in order:
        for found in IMPORT.finditer(_source(f"js/{name}")):
            _visit(found[2], order, (*above, name))
        order.append(name)


def _as_function(name: str) -> str:
    text = _source(f"js/{name}")
    exported = [found[1] for found in EXPORT.finditer(text)]
    text = IMPORT.sub(lambda found: f"const {{{found[1]}}} = {_variable(found[2])};\n", text)
    text = COMMENT.sub("", EXPORT.sub("", text))
    if re.search(r"^(import|export)\b", text, re.M):
        raise ValueError(f"js/{name}: found an import or export of a kind that is not bundled")
    if "</script" in text or "<!--" in text:
        raise ValueError(f"js/{name}: found a text that would end the script")
    return f"const {_variable(name)} = (() => {{\n{text}return {{ {', '.join(exported)} }};\n}})();\n"


def _variable(name: str) -> str:
    return f"module_{PurePosixPath(name).stem.replace('-', '_')}"


def _source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
