"""Libraries that were made smaller are loaded like the originals."""

import ctypes
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import PySide6
import pytest

needs_binutils = pytest.mark.skipif(
    not (sys.platform.startswith("linux") and all(map(shutil.which, ("strip", "readelf", "as", "ld")))),
    reason="found no binutils on Linux, expected strip, readelf, as and ld",
)
ICU = Path(PySide6.__file__).parent / "Qt" / "lib"


def parts_of(package):
    """The parts of a package of ICU's data: names and contents."""
    (header_bytes,) = struct.unpack_from("<H", package)
    toc = package[header_bytes:]
    (count,) = struct.unpack_from("<I", toc)
    places = [struct.unpack_from("<II", toc, 4 + 8 * number) for number in range(count)]
    ends = [start for _, start in places[1:]] + [len(toc)]
    return {
        toc[name : toc.index(b"\0", name)].decode(): toc[start:end]
        for (name, start), end in zip(places, ends, strict=True)
    }


@needs_binutils
def test_icu_keeps_what_no_language_needs(packaging, tmp_path):
    """The kept parts have the same bytes at aligned addresses, behind the same symbol; 28 MB are removed."""
    (library,) = ICU.glob("libicudata.so.*")
    small = packaging.slim.smaller_icu(library, tmp_path / "icu")
    assert small.name == library.name
    assert small.stat().st_size < 4e6 < 28e6 < library.stat().st_size
    version = library.name.rpartition(".")[2]
    data = library.read_bytes()
    before = parts_of(data[data.index(b"CmnD") - 12 :])
    symbol = ctypes.c_char.in_dll(ctypes.CDLL(str(small)), f"icudt{version}_dat")
    assert ctypes.addressof(symbol) % 16 == 0
    after = parts_of(
        ctypes.string_at(ctypes.addressof(symbol), (tmp_path / "icu" / "icu.dat").stat().st_size)
    )
    assert {f"icudt{version}l/coll/root.res", f"icudt{version}l/root.res"} <= after.keys()
    assert not any("/lang/" in name for name in after)
    for name, content in after.items():
        assert content.rstrip(b"\0") == before[name].rstrip(b"\0")


@needs_binutils
def test_a_library_that_strip_would_break_stays_as_it_is(packaging, tmp_path):
    """NumPy's OpenBLAS was edited after it was linked: a stripped copy could not be loaded."""
    (library,) = (Path(np.__file__).parents[1] / "numpy.libs").glob("libscipy_openblas*")
    assert packaging.slim.is_loadable(library)
    out = packaging.slim.stripped(library, tmp_path / "copy.so")
    assert packaging.slim.is_loadable(out)
    text = tmp_path / "no_library.so"
    text.write_text("not a library")
    assert packaging.slim.stripped(text, tmp_path / "copy.so") == text
