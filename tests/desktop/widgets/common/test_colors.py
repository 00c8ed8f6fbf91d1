"""Everyone can tell the labels' colours apart, and they stand out from the canvas."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

from desktop.widgets.common.colors import AXIS, CANVAS, LABELS, PLATE, contrast, readable_on

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
# 2009: the matrices of severity 1, for linear sRGB.
VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
LEAST = {"all cones": 18.0, "protanopia": 12.0, "deuteranopia": 12.0, "tritanopia": 12.0}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def to_linear(color):
    """Convert a QColor to linear sRGB [3]."""
    c = np.array([color.redF(), color.greenF(), color.blueF()])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def to_lab(linear):
    """Convert linear sRGB to CIELAB, D65."""
    xyz = TO_XYZ @ linear / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(first, second):
    """Return CIEDE2000 of two CIELAB colours (Sharma, Wu and Dalal, 2005)."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    d_l, d_c, d_h = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    cosines = ((0.17, 1, 30), (-0.24, 2, 0), (-0.32, 3, -6), (0.20, 4, 63))
    t = 1 - sum(k * np.cos(np.radians(n * mean_h - offset)) for k, n, offset in cosines)
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    angle = np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2)))
    r = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)) * np.sin(angle)
    squares = (d_l / s_l) ** 2 + (d_c / s_c) ** 2 + (d_h / s_h) ** 2 + r * d_c / s_c * d_h / s_h
    return float(np.sqrt(squares))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (50.0, 3.2592, 0.3350), 1.0000),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ],
)
def test_the_distance_is_ciede2000(first, second, expected):
    """It agrees with the table that its authors publish to check implementations."""
    assert ciede2000(first, second) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("vision", VISION)
def test_no_two_labels_are_confusable(vision):
    """Any two of the ten colours are far enough apart for people with or without all cones."""
    seen = [to_lab(np.clip(VISION[vision] @ to_linear(color), 0, 1)) for color in LABELS]
    distances = {
        (i, j): ciede2000(seen[i], seen[j]) for i in range(len(seen)) for j in range(i + 1, len(seen))
    }
    closest = min(distances, key=distances.__getitem__)
    assert distances[closest] >= LEAST[vision], (closest, distances[closest])


def test_labels_stand_out_from_the_canvas():
    """Their contrast is at least 4 to 1 (WCAG 2.2's relative luminance)."""
    luminance = [float((TO_XYZ @ to_linear(color))[1]) for color in (CANVAS, *LABELS)]
    contrasts = [(other + 0.05) / (luminance[0] + 0.05) for other in luminance[1:]]
    assert min(contrasts) >= 4


@pytest.mark.parametrize("behind", [CANVAS, QColor("black"), QColor("white")], ids=QColor.name)
def test_names_in_the_labels_colours_are_read_on_their_plates(behind):
    """Their contrast is at least 4.5 to 1 (WCAG AA) over any picture; planes are dark in both themes."""
    share = PLATE.alphaF()
    channels = zip(PLATE.getRgbF()[:3], behind.getRgbF()[:3], strict=True)
    plate = QColor.fromRgbF(*(share * above + (1 - share) * below for above, below in channels))
    contrasts = {color.name(): contrast(color, plate) for color in (*LABELS, AXIS)}
    assert min(contrasts.values()) >= 4.5, contrasts


@pytest.mark.parametrize("label", range(len(LABELS)))
def test_a_label_is_read_on_its_chip(label):
    """The text is readable on chips, which have the label's colour in both themes."""
    assert contrast(QColor(readable_on(LABELS[label])), LABELS[label]) >= 4.5
