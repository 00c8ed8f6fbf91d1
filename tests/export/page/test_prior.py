"""The prior of a bare decoder: read and named as in the viewer, and what a page begins with and samples."""

import numpy as np
import pytest
from onnx import helper

from desktop.latent import prior as viewers
from desktop.reading.guess_prior import prior_in as viewers_prior_in
from export.page import show
from export.page.bare_decoder import Wanted, read_model
from export.page.content import Choices, content_of
from export.page.html import bundled
from export.page.prior import Prior, parse_prior, prior_in
from export.page.reading import ReadingError
from tests.export.page.decoders import linear
from tests.export.page.tabs import Tab

PARSED = ("normal", " Normal:2", "uniform", "uniform:0,1", "uniform:-1,\N{MINUS SIGN}.5", "sphere:1e1")
REFUSED = ("", "cauchy", "normal:1,2", "uniform:1", "uniform:1,0", "sphere:0", "uniform:0,1e400")
NAMING = (
    "U(0, 1)", "uniform [-1, 1]", "z_uniform", "rand", "randn", "z", "latent", "spherical", "uniform 1..1",
    "N(0, I)", "brand", "uniform, from 0 to 2",
)  # fmt: skip
# What a page in a frame says of its cursor, and forty samples.
LISTENING = """<script>
globalThis.told = [];
addEventListener("message", ({ data }) => data.latentPlane && told.push(data.latentPlane.z));
</script>"""
CLICKS = """async (button) => {
  for (let i = 0; i < 40; i++) {
    button.click();
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  }
}"""


def saved(path, graph, **metadata):
    helper.set_model_props(graph, metadata)
    path.write_bytes(graph.SerializeToString())
    return path


def facts(found):
    return None if found is None else (str(found), found.scale, found.center)


def test_priors_are_read_and_named_as_in_the_viewer():
    """An option, and the words in a file, mean the same prior in page and viewer, with the same name."""
    for text in PARSED:
        assert facts(parse_prior(text)) == facts(viewers.parse_prior(text)), text
    for text in REFUSED:
        for parse in (parse_prior, viewers.parse_prior):
            with pytest.raises(ValueError, match="found"):
                parse(text)
    for text in NAMING:
        assert facts(prior_in(text)) == facts(viewers_prior_in(text)), text


def test_what_a_file_says_of_its_prior(tmp_path):
    """Metadata are certain, a name is a guess, and "normal" without both is too; the option overrides all."""
    path = saved(tmp_path / "m.onnx", linear(2, 1, 4, 4), z_distribution="U(0, 1)")
    reading = read_model(path, Wanted())
    assert reading.prior == Prior("uniform", 0.5, 0.5)
    assert ["Prior", "uniform in [0, 1]"] in reading.facts()
    assert "prior" not in " ".join(reading.guesses)
    assert read_model(path, Wanted(prior="sphere:2")).prior == Prior("sphere", 2)
    assert "The prior is taken as normal." in read_model(saved(path, linear(2, 1, 4, 4)), Wanted()).guesses
    with pytest.raises(
        ReadingError, match="found 'cauchy' for the prior, expected normal, uniform or sphere"
    ):
        read_model(path, Wanted(prior="cauchy"))


@pytest.mark.parametrize("mode", ["live", "atlas"])
@pytest.mark.parametrize("latent_dim", [1, 2, 5, 16])
@pytest.mark.parametrize("text", ["uniform:2,4", "sphere:3"])
def test_a_page_begins_at_a_z_of_the_prior(latent_dim, text, mode, tmp_path):
    """The cursor is at a possible z, and so is the whole view of a box on two coordinates."""
    path = saved(tmp_path / "m.onnx", linear(latent_dim, 1, 4, 4))
    choices = Choices(wanted=Wanted(prior=text), mode=mode, atlas_count=2)
    frame = content_of(path, choices).facts["frame"]
    origin = np.array(frame.get("origin", np.zeros(latent_dim)))
    unit = np.eye(latent_dim)
    u, v = unit[frame["axes"]] if "axes" in frame else np.array([frame["u"], frame["v"]])
    a, b = frame["start"]
    z = origin + a * u + (b * v if latent_dim > 1 else 0)
    if text.startswith("sphere"):
        assert np.linalg.norm(z) == pytest.approx(3, rel=1e-5)
    else:
        assert np.abs(z - 3).max() <= 1 + 1e-5
        if 1 < latent_dim <= 8:
            assert frame["view"] == [2, 2, 4, 4]


@pytest.mark.parametrize(("latent_dim", "mode"), [(2, "live"), (16, "atlas")])
def test_sample_follows_the_prior(latent_dim, mode, chromium, tmp_path):
    """Samples of a uniform prior stay in its range and fill it, on two coordinates and through samples."""
    path = saved(tmp_path / "m.onnx", linear(latent_dim, 1, 4, 4), prior="uniform(2, 4)")
    tab = Tab(chromium.new_page())
    shown = show(path, choices=Choices(mode=mode, atlas_count=2))
    tab.tab.set_content(f"<!doctype html>{LISTENING}{shown._repr_html_()}")
    frame = tab.tab.frame_locator("iframe")
    frame.locator("html[data-ready=yes]").wait_for()
    frame.locator("#sample").evaluate(CLICKS)
    found = np.array(tab.tab.evaluate("globalThis.told"))
    tab.tab.close()
    assert (len(found) > 40, found.shape[1]) == (True, latent_dim)
    assert (found.min() >= 2 - 1e-4, found.max() <= 4 + 1e-4) == (True, True)
    widths = np.ptp(found, 0)
    assert (widths.min() if mode == "live" else widths.max()) > 1
    assert tab.errors == []


def test_where_the_prior_ends_on_a_plane(calculator):
    """A box on two coordinates if the others are in its range, a circle on planes that meet the sphere."""
    made = "globalThis.prior = module_prior; globalThis.Frame = module_plane.Frame"
    calculator.tab.evaluate(f"() => {{ {bundled('explorer.js')}; {made} }}")
    box, none, circle, none_either = calculator.tab.evaluate(
        """() => {
          const on = (height) => new Frame(3, { axes: [0, 1], origin: [0, 0, height] });
          const box = { kind: "uniform", scale: 1, center: 2 };
          const sphere = { kind: "sphere", scale: 3, center: 0 };
          const pairs = [[box, 3], [box, 5], [sphere, 1], [sphere, 4]];
          return pairs.map(([one, height]) => prior.outline(one, on(height)));
        }"""
    )
    assert box == [[1, 3], [3, 3], [3, 1], [1, 1]]
    assert (none, none_either) == ([], [])
    assert np.linalg.norm(circle, axis=1) == pytest.approx([8**0.5] * len(circle))


def test_samples_of_a_sphere(calculator):
    """Samples are on the sphere in any number of dimensions, and on a plane if the sphere meets it."""
    made = "globalThis.prior = module_prior; globalThis.Frame = module_plane.Frame"
    calculator.tab.evaluate(f"() => {{ {bundled('explorer.js')}; {made} }}")
    lengths, nowhere = calculator.tab.evaluate(
        """() => {
          const sphere = { kind: "sphere", scale: 3, center: 0 };
          const box = [-2.9, -2.9, 2.9, 2.9];
          const on = (height) => new Frame(3, { axes: [0, 1], origin: [0, 0, height] });
          const places = () => prior.placeOn(sphere, on(1), box);
          const every = Array.from({ length: 20 }, places).map(({ a, b }) => on(1).place(a, b).z);
          const drawn = [1, 2, 9].flatMap((d) => Array.from({ length: 20 }, () => prior.drawn(sphere, d)));
          return [[...drawn, ...every].map((z) => Math.hypot(...z)), prior.placeOn(sphere, on(4), box)];
        }"""
    )
    assert lengths == pytest.approx([3] * 80, rel=1e-5)
    assert nowhere is None
