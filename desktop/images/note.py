"""Writes and reads the note, a text in the metadata of an exported picture. No Qt.

    PNG, APNG   an iTXt chunk called `latent-plane`, before the pixels
    GIF         the comment extension
    WebP        Exif's ImageDescription

`png_note` and `webp_note` are keyword arguments for `imageio.imwrite(…, plugin="pillow")`.
"""

import io
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from desktop.images.read_image import MAX_FILE_BYTES, kind_of
from desktop.view.provenance import MAX_TEXT_CHARS, is_provenance

KEYWORD = "latent-plane"


def png_note(text: str) -> dict[str, Any]:
    """Return the options that store a note in PNG or APNG. It must be ASCII, as from `provenance.to_text`."""
    info = PngInfo()
    info.add_itxt(KEYWORD, text)
    return {"pnginfo": info}


def webp_note(text: str) -> dict[str, Any]:
    """Return the options that store a note in WebP."""
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = text
    return {"exif": exif.tobytes()}


def read_note(path: Path) -> str | None:
    """Read the note of a PNG, APNG, GIF or WebP; the format is recognised by content, not by name.

    Returns None if there is no note, if the file is of another kind, or if it cannot be read. No pixel is
    decoded.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    return note_in(data)


def note_in(data: bytes) -> str | None:
    """Read the note from a file's bytes, as `read_note` does."""
    if kind_of(data) not in (".png", ".gif", ".webp"):
        return None
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "GIF", "WEBP")) as image:
            found = image.info.get(KEYWORD) or image.info.get("comment")
            if found is None and image.format == "WEBP":
                found = image.getexif().get(ExifTags.Base.ImageDescription)
    except Exception:  # decoders of damaged pictures raise any kind of error
        return None
    text = found.decode("ascii", errors="replace") if isinstance(found, bytes) else found
    usable = isinstance(text, str) and len(text) <= MAX_TEXT_CHARS and is_provenance(text)
    return str(text) if usable else None
