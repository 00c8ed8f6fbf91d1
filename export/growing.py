"""Grows a bundle while its fit is running; a reader always finds a complete bundle.

`previous/` in the bundle holds files of the previous manifest (export/bundle.py describes how it is read).
"""

import json
from collections.abc import Mapping
from typing import Any

from export.bundle import PREVIOUS_FOLDER, Bundle, open_bundle
from export.containers import ZIP_SUFFIX, BundleError, remove_files, replace_files, write_container
from export.manifest import MANIFEST_FILE, make_manifest


def grow_bundle(before: Bundle, facts: Mapping[str, Any], files: Mapping[str, bytes]) -> Bundle:
    """Replace the bundle `before` by one that holds `files`.

    In a folder, only new and changed files are written, and the manifest last; a `.latent` file is replaced
    as a whole. Raises BundleError if `before` is no longer in its place or the facts do not make a valid
    manifest; OSError if the bundle cannot be written, and then `before` stays complete.
    """
    path = before.path
    text = make_manifest(path, facts, files)
    if not before.is_current():
        raise BundleError(
            f"{path}: found another bundle or none, expected the one that was written last; "
            "leave it in its place while it grows, and export again"
        )
    facts_now, facts_before = json.loads(text)["files"], before.manifest["files"]
    changed = [name for name, fact in facts_before.items() if facts_now.get(name) != fact]
    kept = {f"{PREVIOUS_FOLDER}/{name}": before.read(name) for name in changed}
    if path.suffix == ZIP_SUFFIX:
        write_container(path, {MANIFEST_FILE: text, **files, **kept}, overwrite=True)
    else:
        new = {name: data for name, data in files.items() if name not in facts_before}
        replaced = {name: files[name] for name in changed if name in files}
        replace_files(path, {**kept, **new, **replaced, MANIFEST_FILE: text})
        remove_files(path, facts_before.keys() - files.keys())
    return open_bundle(path)


def settle_bundle(bundle: Bundle) -> None:
    """Remove the files of the previous manifest from a bundle that no longer grows.

    Does nothing if something else has taken its place. Raises OSError if the bundle cannot be written.
    """
    if not bundle.is_current():
        return
    if bundle.path.suffix == ZIP_SUFFIX:
        files = {name: bundle.read(name) for name in bundle.files}
        text = make_manifest(bundle.path, bundle.manifest, files)
        write_container(bundle.path, {MANIFEST_FILE: text, **files}, overwrite=True)
    else:
        previous = bundle.path / PREVIOUS_FOLDER
        left = [file.relative_to(bundle.path).as_posix() for file in previous.rglob("*") if file.is_file()]
        remove_files(bundle.path, left)
