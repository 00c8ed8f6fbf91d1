"""The page in a real Chromium: what people see and do."""

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest

from export.bundle import open_bundle
from export.page import show
from export.page.content import Choices, content_of
from export.page.html import bundled, page
from export.page.trace import session
from tests.export.page.decoders import HOSTILE, LOOK, MNIST, bundle, linear, with_noise
from tests.export.page.tabs import Tab, text_of

FILLED = """(id) => {
  const canvas = document.getElementById(id);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let filled = 0;
  for (let i = 3; i < data.length; i += 4) filled += data[i] > 0;
  return filled / (data.length / 4);
}"""


TOP = "(id) => document.getElementById(id).offsetTop"


@pytest.fixture(scope="module")
def mnist_page(tmp_path_factory):
    file = tmp_path_factory.mktemp("mnist") / "page.html"
    file.write_text(text_of(MNIST), encoding="utf-8")
    return file


def decoded(path: Path, z: list[float], epoch: int | None = None) -> np.ndarray:
    """The picture that ONNX Runtime decodes, [C, H, W]."""
    opened = open_bundle(path)
    data = opened.read("decoder.onnx" if epoch is None else f"epochs/{epoch:03d}/decoder.onnx")
    return session(data).run(["probabilities"], {"z": np.array([z], np.float32)})[0][0]


def test_mnist_decodes_as_onnx_runtime_does(open_tab, mnist_page):
    """MNIST's page gives ONNX Runtime's pictures to 1e-2 at every epoch, and is at most 1.5 MB."""
    tab = open_tab(mnist_page)
    assert mnist_page.stat().st_size <= 1_500_000
    # The bundle that ships has every 32nd epoch.
    for index in (10, 4, 0):
        tab.tab.evaluate(
            "(index) => { const e = document.getElementById('epoch'); e.value = index;"
            " e.dispatchEvent(new Event('input')); }",
            index,
        )
        for z in ([0.5, -1.25], [-2.0, 1.0]):
            tab.set_z(f"{z[0]}, {z[1]}")
            assert tab.picture()[:1] == pytest.approx(decoded(MNIST, z, 32 * index), abs=1e-2)
    assert tab.text("#epoch-text") == "epoch 0, before training"


@pytest.mark.parametrize("image", [(1, 7, 12), (3, 9, 5), (4, 6, 6)], ids=str)
def test_pictures_of_any_shape(image, open_tab, tmp_path):
    """Pictures of 1, 3 and 4 channels and of any size are drawn as they are decoded."""
    tab = open_tab(bundle(tmp_path / "b", image).path)
    tab.set_z("0.5, -0.5")
    expected = decoded(tmp_path / "b", [0.5, -0.5])
    shown = tab.picture()
    if image[0] == 1:
        assert shown[:3] == pytest.approx(np.broadcast_to(expected, (3, *image[1:])), abs=1e-2)
    else:
        # A canvas keeps colours multiplied by alpha.
        seen = shown[3:] >= 0.25
        assert (shown[: image[0]] * seen) == pytest.approx(expected * seen, abs=2e-2)


def test_a_drag_decodes_and_moves_z(open_tab, mnist_page):
    """A drag over the plane keeps changing z and the picture, and names the nearest test image."""
    tab = open_tab(mnist_page)
    before, z = tab.picture(), tab.tab.input_value("#z")
    box = tab.tab.locator("#plane").bounding_box()
    tab.tab.mouse.move(box["x"] + 100, box["y"] + 300)
    tab.tab.mouse.down()
    tab.tab.mouse.move(box["x"] + 300, box["y"] + 200, steps=5)
    tab.tab.mouse.up()
    tab.settle()
    assert tab.tab.input_value("#z") != z
    assert np.abs(tab.picture() - before).max() > 0.1
    assert tab.text("#nearest-label") in "0123456789"
    tab.tab.wait_for_timeout(500)
    assert re.fullmatch(r"z -?\d.*, nearest test image \d", tab.text("#live"))


def test_keys(open_tab, tmp_path):
    """Arrows move z, P adds points to a path, Space plays it, comma goes back by an epoch."""
    tab = open_tab(bundle(tmp_path / "b").path)
    tab.tab.focus("#plane")
    for _ in range(3):
        tab.tab.keyboard.press("ArrowRight")
    tab.settle()
    x, y = map(float, tab.tab.input_value("#z").split(","))
    assert (x > 0, y) == (True, 0)
    tab.tab.keyboard.press("p")
    tab.tab.keyboard.press("ArrowUp")
    tab.tab.keyboard.press("p")
    assert tab.text("#path-text") == "2 points"
    tab.tab.keyboard.press(" ")
    tab.tab.wait_for_timeout(300)
    tab.tab.keyboard.press(" ")
    assert tab.text("#path-play") == "Play"
    assert 0 < float(tab.tab.input_value("#z").split(",")[1]) < 10
    tab.tab.keyboard.press(",")
    assert tab.text("#epoch-text") == "epoch 0, before training"


def test_the_plane_is_decoded(open_tab, tmp_path):
    """Behind the points, the plane fills with pictures, also after zooming in."""
    tab = open_tab(bundle(tmp_path / "b", scale=8.0).path)
    tab.tab.wait_for_timeout(400)
    assert tab.tab.evaluate(FILLED, "backdrop") > 0.99
    before = tab.tab.evaluate("document.getElementById('backdrop').toDataURL()")
    tab.tab.click("#zoom-in")
    tab.tab.wait_for_timeout(400)
    assert tab.tab.evaluate("document.getElementById('backdrop').toDataURL()") != before
    assert tab.tab.evaluate(FILLED, "backdrop") > 0.99


def test_a_drawing_is_encoded(open_tab, mnist_page):
    """A vertical stroke is encoded where ONNX Runtime's encoder puts such an image: among the ones."""
    tab = open_tab(mnist_page)
    tab.tab.locator("#pad").scroll_into_view_if_needed()
    box = tab.tab.locator("#pad").bounding_box()
    x = box["x"] + box["width"] / 2
    tab.tab.mouse.move(x + 4, box["y"] + 20)
    tab.tab.mouse.down()
    tab.tab.mouse.move(x - 4, box["y"] + box["height"] - 20, steps=4)
    tab.tab.mouse.up()
    tab.tab.wait_for_timeout(300)
    assert tab.text("#nearest-label") == "1"
    assert re.fullmatch(r"KL \d+\.\d\d nats", tab.text("#pad-text"))
    tab.tab.click("#pad-clear")
    assert tab.text("#pad-text") == ""


def test_what_one_goes_to_comes_into_view(open_tab, tmp_path):
    """A z that is typed, out of view after zooming in, moves the view: a click in the middle is near."""
    tab = open_tab(bundle(tmp_path / "b").path)
    for _ in range(4):
        tab.tab.click("#zoom-in")
    tab.set_z("-2, 1.5")
    tab.tab.click("#plane")
    tab.settle()
    a, b = map(float, tab.tab.input_value("#z").split(","))
    assert (abs(a + 2) < 0.7, abs(b - 1.5) < 0.7) == (True, True)


def test_one_draws_on_the_background_of_the_data(open_tab, tmp_path):
    """If the test images are white at their edges, the drawing is white and the pen black."""
    tab = open_tab(bundle(tmp_path / "b", (3, 8, 8), white=True).path)
    corner = "Array.from(document.getElementById('pad').getContext('2d').getImageData(5, 5, 1, 1).data)"
    assert tab.tab.evaluate(corner) == [255] * 4
    assert tab.tab.input_value("#pad-color") == "#000000"


def test_hostile_words_stay_text(open_tab, tmp_path):
    """Names, labels and facts that look like markup are shown as text, and run nothing."""
    tab = open_tab(bundle(tmp_path / "b", words=HOSTILE).path)
    seen = HOSTILE.replace("\u2028", "\ufffd").replace("\u202e", "\ufffd")
    assert tab.text("#name") == seen
    assert tab.tab.title() == f"{seen} – Latent Plane"
    assert tab.tab.locator("#labels bdi").all_text_contents() == [seen[:39] + "…", "</style>one", "two"]
    assert seen in tab.tab.locator("#about dd").all_text_contents()
    assert tab.tab.locator("img").count() == 0


def test_nothing_else_may_run(open_tab, tmp_path):
    """The page's policy stops scripts, styles, pictures and requests that are not its own."""
    tab = open_tab(bundle(tmp_path / "b").path)
    tab.tab.evaluate(
        """async () => {
          const script = document.createElement("script");
          script.textContent = "globalThis.ran = 1";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<b onclick='globalThis.ran = 1'>x</b>");
          document.body.lastElementChild.click();
          const failed = await fetch("https://example.invalid/").then(() => "no", () => "yes");
          document.body.dataset.failed = failed;
        }"""
    )
    assert tab.tab.evaluate("globalThis.ran") is None
    assert tab.tab.get_attribute("body", "data-failed") == "yes"
    refused = [error for error in tab.errors if "Content Security Policy" in error]
    assert len(refused) == len(tab.errors) >= 3
    tab.errors.clear()


def test_an_atlas_is_blended_and_said_to_be_one(open_tab, tmp_path):
    """A decoder that the page cannot run is decoded beforehand; places between pictures are blends."""
    path = tmp_path / "noise.onnx"
    path.write_bytes(with_noise().SerializeToString())
    tab = open_tab(path)
    assert "decoded beforehand: 24 × 24 pictures, blended" in tab.text("#status")
    assert "Its pictures were decoded beforehand" in tab.text("#summary")
    assert "RandomNormalLike" in tab.text("#notes")
    tab.set_z("1.0, -1.0")
    (output,) = session(path).run(["image"], {"z": np.array([[1, -1]], np.float32)})
    assert np.abs(tab.picture()[:3] - output[0]).mean() < 0.05


def test_no_workers_and_a_phone(chromium, open_tab, tmp_path):
    """If workers are not allowed, the page itself decodes; two fingers on a phone only zoom."""
    path = bundle(tmp_path / "b", words="A name of a model that is long enough for two lines on a phone").path
    tab = open_tab(path, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    assert tab.tab.evaluate("document.documentElement.scrollWidth") == 360
    box, z = tab.tab.locator("#plane").bounding_box(), tab.tab.input_value("#z")
    fingers = tab.tab.context.new_cdp_session(tab.tab)
    x, y = box["x"] + 100, box["y"] + 100
    points = lambda apart: [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]  # noqa: E731
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points(20)[:1]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points(20)})
    for apart in (30, 60):
        fingers.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points(apart)})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tab.settle()
    assert tab.tab.input_value("#z") == z
    other = chromium.new_page()
    other.add_init_script("delete globalThis.Worker")
    other.goto(tab.tab.url)
    other.wait_for_selector("html[data-ready=yes]")
    assert np.abs(Tab(other).picture()).max() > 0
    other.close()


def test_many_dimensions(open_tab, tmp_path):
    """In three dimensions each coordinate can be moved; in sixteen the plane goes through samples.

    From either one comes back to the first plane. Test images lie on their principal axes at first.
    """
    made = bundle(tmp_path / "b", latent_dim=3)
    tab = open_tab(made.path)
    first = tab.tab.input_value("#z")
    means = made.read_posterior().mean
    middle = np.square(means - means.mean(0)).sum(1).argmin()
    assert [float(x) for x in first.split(",")] == pytest.approx(means[middle], abs=1e-3)
    assert tab.text("#plane-words").startswith("a: 1st principal axis of the test images, ")
    tab.tab.select_option("#axis-x", "0")
    tab.tab.select_option("#axis-y", "1")
    tab.tab.click("#rest summary")
    before = tab.picture()
    tab.tab.locator("#sliders label:visible input").fill("2.5")
    tab.settle()
    assert "2.500" in tab.tab.input_value("#z")
    assert np.abs(tab.picture() - before).max() > 0.05
    tab.tab.click("#first-plane")
    tab.settle()
    assert tab.tab.input_value("#z") == first
    path = tmp_path / "sixteen.onnx"
    path.write_bytes(linear(16, 1, 8, 8).SerializeToString())
    tab = open_tab(path)
    before = tab.picture()
    assert tab.tab.is_disabled("#first-plane")
    tab.tab.click("#three-samples")
    tab.settle()
    assert np.abs(tab.picture() - before).max() > 0.05
    tab.tab.click("#first-plane")
    tab.settle()
    assert np.array_equal(tab.picture(), before)


def test_a_look_is_what_one_sees_first(open_tab, tmp_path):
    """Cursor, path and bookmarks are there; one brings its plane, and ends the path with its times."""
    source, file = tmp_path / "m.onnx", tmp_path / "p.html"
    source.write_bytes(linear(3, 1, 8, 8).SerializeToString())
    content = content_of(source, Choices(look=json.dumps(LOOK)))
    file.write_text(page(content.title, content.facts, content.blocks), encoding="utf-8")
    tab = open_tab(file)
    assert tab.tab.input_value("#z") == "0.500, 0.250, -0.500"
    assert (tab.text("#path-text"), tab.tab.input_value("#path-seconds")) == ("2 points", "3")
    tab.tab.click("#bookmarks button:has-text('there')")
    tab.settle()
    assert tab.tab.input_value("#z") == "1.000, 1.000, 1.000"
    (expected,) = session(source).run(None, {"z": np.ones((1, 3), np.float32)})
    assert tab.picture()[0] == pytest.approx(expected[0, 0], abs=1e-2)
    assert tab.tab.input_value("#axis-x") == ""
    assert tab.picture_of("#bookmarks button:nth-child(2) canvas")[0] == pytest.approx(
        expected[0, 0], abs=1e-2
    )
    tab.tab.click("#bookmarks button:has-text('here')")
    tab.tab.click("#path-play")
    tab.tab.wait_for_timeout(300)
    tab.tab.click("#path-play")
    x, y, z = map(float, tab.tab.input_value("#z").split(","))
    assert (x, y) == (0.5, 0)
    assert 0 < z < 1
    tab.tab.click("#path-play")
    tab.tab.click("#bookmarks button:has-text('there')")
    tab.tab.wait_for_timeout(300)
    assert tab.text("#path-play") == "Play"
    assert tab.tab.input_value("#z") == "1.000, 1.000, 1.000"


def test_an_oblique_plane_is_left_and_found_again(open_tab, tmp_path):
    """Sample goes to a sample of the prior, coordinates and axes can be chosen, Home shows everything.

    A path that leaves the plane moves no button while it is played.
    """
    source, file = tmp_path / "m.onnx", tmp_path / "p.html"
    source.write_bytes(linear(3, 1, 8, 8).SerializeToString())
    side = 0.5**0.5
    plane = {"origin": [0, 0, 0], "u": [side, side, 0], "v": [0, 0, 1], "home": [-4, -4, 4, 4]}
    place = LOOK["place"] | {"cursor": [0, 0.5], "view": [1, 1, 2, 2]}
    look = {"planes": [plane], "place": place, "bookmarks": [place | {"name": "there"}]}
    content = content_of(source, Choices(look=json.dumps(look)))
    file.write_text(page(content.title, content.facts, content.blocks), encoding="utf-8")
    tab = open_tab(file)
    assert tab.tab.is_hidden("#three-samples")
    assert tab.tab.is_disabled("#first-plane")
    tab.tab.click("#path-add")
    tab.tab.click("#sample")
    tab.settle()
    x, y, _ = map(float, tab.tab.input_value("#z").split(","))
    assert abs(x - y) > 1e-3
    tab.tab.click("#rest summary")
    tab.tab.locator("#sliders input").nth(1).fill("2.5")
    tab.settle()
    assert tab.tab.input_value("#z").split(", ")[1] == "2.500"
    tab.tab.click("#path-add")
    tab.tab.select_option("#axis-y", "0")
    tab.settle()
    assert (tab.tab.input_value("#axis-x"), tab.tab.input_value("#axis-y")) == ("1", "0")
    tab.tab.click("#first-plane")
    tab.settle()
    assert tab.tab.input_value("#z") == "0.000, 0.000, 0.500"
    assert tab.tab.input_value("#axis-x") == ""
    top = tab.tab.evaluate(TOP, "path-play")
    tab.tab.click("#path-play")
    tab.settle()
    assert tab.tab.is_enabled("#first-plane")
    assert tab.tab.evaluate(TOP, "path-play") == top
    tab.tab.click("#first-plane")
    tab.settle()
    assert tab.text("#path-play") == "Play"
    assert tab.tab.is_disabled("#first-plane")
    for press, middle in ("#home", 0), ("#bookmarks button", 1.5), ("#home", 0):
        tab.tab.click(press)
        tab.tab.click("#plane")
        tab.settle()
        assert float(tab.tab.input_value("#z").split(",")[2]) == pytest.approx(middle, abs=0.02)


def test_a_path_keeps_the_times_of_its_legs(calculator):
    """Time passes evenly along the path's times; legs that were added later take the mean of the others."""
    calculator.tab.evaluate(f"() => {{ {bundled('path.js')}; globalThis.Path = module_path.Path; }}")
    shares = calculator.tab.evaluate(
        """() => {
          const path = new Path();
          path.closed = false;
          path.points = [0, 1, 2, 3].map((x) => Float32Array.of(x));
          path.times = [3, 1];
          return [0, 0.25, 0.5, 5 / 8, 1, 1.5].map((turns) => path.at(turns)[0]);
        }"""
    )
    assert shares == pytest.approx([0, 0.5, 1, 1.75, 3, 1], abs=1e-6)


def test_a_notebook_shows_the_page_in_a_frame(chromium, tmp_path):
    """`show` gives a frame with the whole page in it; the page decodes there, isolated from the notebook."""
    shown = show(bundle(tmp_path / "b", words=HOSTILE).path, height=500)
    tab = Tab(chromium.new_page())
    tab.tab.set_content(f"<!doctype html><p id=mine>mine</p>{shown._repr_html_()}")
    frame = tab.tab.frame_locator("iframe")
    frame.locator("html[data-ready=yes]").wait_for()
    assert frame.locator("#status").text_content().endswith("decoded here, by WebAssembly.")
    assert tab.tab.locator("iframe").bounding_box()["height"] == 500
    # As the widget of a notebook listens.
    tab.tab.evaluate("addEventListener('message', ({ data }) => (globalThis.told = data.latentPlane))")
    frame.locator("#z").fill("0.5, 0.25")
    frame.locator("#z").press("Enter")
    tab.settle()
    assert tab.tab.evaluate("globalThis.told") == {"z": [0.5, 0.25], "epoch": 1, "inputs": {}}
    tab.tab.close()
    assert tab.errors == []


def test_float16_cannot_hold_every_weight(open_tab, tmp_path):
    """Weights that float16 cannot hold are written as float32, and the page says so."""
    model = linear(2, 1, 8, 8)
    weight = onnx.numpy_helper.to_array(model.graph.initializer[0]).copy()
    weight[0, 0] = 1e5
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weight, "w"))
    path = tmp_path / "large.onnx"
    path.write_bytes(model.SerializeToString())
    tab = open_tab(path)
    assert "float32" in tab.text("#notes")
    tab.set_z("-1, 0.5")
    assert tab.picture()[0, 0, 0] == 0
