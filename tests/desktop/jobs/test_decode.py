"""Jobs are cut into short steps, and the last one yields the result."""

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from desktop.base.vector import Vector
from desktop.jobs import decode
from desktop.jobs.decoded_pictures import DecodedPictures
from desktop.jobs.kept_decoder import KeptDecoder


def test_one_picture_says_which_z_it_shows(bundle_path, make_model, plain_decoder):
    """The picture carries its z, its probabilities and the decoding time."""
    z = Vector((0.5, -1.5))
    (decoded,) = decode.decode_picture(KeptDecoder(make_model(bundle_path), DecodedPictures()), z)
    assert decoded.z == z
    assert decoded.decode_ms > 0
    assert decoded.probabilities == pytest.approx(plain_decoder(bundle_path)([list(z)])[0], abs=1e-6)


def test_a_saved_picture_is_enlarged(tmp_path: Path):
    """In the PNG, every pixel is a block."""
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert list(decode.save_png(tmp_path / "a.png", picture, 4))[-1] == tmp_path / "a.png"
    assert (imageio.imread(tmp_path / "a.png") == picture.repeat(4, axis=0).repeat(4, axis=1)).all()
