/** @file The panels that choose the plane in more than two dimensions, and the layers over it. */

import { element, onClick, setText } from "./dom.js";
import { Frame } from "./plane.js";
import { colorOf } from "./points.js";
import { ends } from "./prior.js";

const MOST_AXES = 256;
const MOST_SLIDERS = 24;
const STEPS = 160;

/**
 * @param {import("./explorer.js").Explorer} explorer
 * @returns {void}
 */
export function planePanel(explorer) {
  const { frame, facts } = explorer;
  if (frame.d < 3 || facts.mode !== "live") return;
  element("axes-card", HTMLElement).hidden = false;
  const through = onClick("three-samples", () => explorer.throughSamples());
  // An oblique first plane cannot be chosen by two coordinates, so it gets a button.
  const first = facts.frame.axes ? null : new Frame(frame.d, facts.frame);
  const back = onClick("first-plane", () => explorer.toFirstPlane());
  back.hidden = !first;
  /** @type {number[]} coordinates, in the order of their spread over the test images */
  const order = Array.from({ length: frame.d }, (_, axis) => axis);
  const spread = facts.points?.spread;
  if (spread) order.sort((p, q) => spread[q] - spread[p]);
  const selects = [element("axis-x", HTMLSelectElement), element("axis-y", HTMLSelectElement)];
  selects.forEach((select, which) => {
    // The entry that is shown for an oblique plane.
    select.add(new Option("choose", ""));
    select.options[0].hidden = true;
    for (const axis of order.slice(0, MOST_AXES)) select.add(new Option(`z${axis}`, String(axis)));
    select.addEventListener("change", () => {
      const z = explorer.place.z;
      let [x, y] = selects.map((other) => Number(other.value));
      if (!frame.axes) {
        // The other one is not chosen yet.
        const other = order.find((axis) => axis !== (which === 0 ? x : y)) ?? 0;
        [x, y] = which === 0 ? [x, other] : [other, y];
      } else if (x === y) {
        const [oldX, oldY] = frame.axes;
        [x, y] = which === 0 ? [x, oldX] : [oldY, y];
      }
      frame.setAxes(x, y);
      const { a, b } = frame.moveTo(z);
      explorer.a = a;
      explorer.b = b;
      show();
      explorer.planeMoved();
    });
  });
  const rows = order.slice(0, MOST_SLIDERS).map((axis) => slider(explorer, axis));
  // A bookmark's plane may be oblique where the current one is not, or the other way round.
  const show = () => {
    const { axes, onSamples, words } = frame;
    through.hidden = !onSamples;
    // It keeps its place, so that the buttons below do not move while a path is played.
    back.disabled = first?.isSameAs(frame) ?? true;
    element("plane-words", HTMLParagraphElement).hidden = !words;
    if (words) setText("plane-words", `a: ${words[0]}. b: ${words[1]}.`);
    element("axes-pair", HTMLDivElement).hidden = onSamples;
    element("rest", HTMLDetailsElement).hidden = onSamples;
    if (onSamples) return;
    setText("rest-title", axes ? "Other coordinates" : "Coordinates");
    selects.forEach((select, which) => {
      if (!axes) {
        select.value = "";
        return;
      }
      const value = String(axes[which]);
      if (![...select.options].some((option) => option.value === value)) select.add(new Option(`z${value}`, value));
      select.value = value;
    });
    for (const row of rows) row();
  };
  explorer.on(["cursor", "plane"], show);
  show();
}

/**
 * @param {import("./explorer.js").Explorer} explorer
 * @param {number} axis
 * @returns {() => void} updates the slider
 */
function slider(explorer, axis) {
  const { frame } = explorer;
  const label = document.createElement("label");
  const [name, input, value] = [document.createElement("span"), document.createElement("input"), document.createElement("output")];
  name.textContent = `z${axis}`;
  const [low, high] = ends(explorer.facts.prior);
  Object.assign(input, { type: "range", min: String(low), max: String(high), step: String((high - low) / STEPS) });
  label.append(name, input, value);
  element("sliders", HTMLDivElement).append(label);
  input.addEventListener("input", () => {
    const { z } = explorer.place;
    z[axis] = Number(input.value);
    explorer.goTo(z);
  });
  return () => {
    // The two coordinates of the plane are set by the cursor.
    label.hidden = frame.axes?.includes(axis) ?? false;
    const now = explorer.place.z[axis];
    input.value = String(now);
    value.textContent = now.toFixed(2).replace("-", "−");
  };
}

/**
 * Switches for the points and the decoded plane, and for each label.
 * @param {import("./stage.js").Stage} stage
 * @param {import("./points.js").Points | null} points
 * @returns {void}
 */
export function layersPanel(stage, points) {
  if (!points) return;
  element("layers-card", HTMLElement).hidden = false;
  const switchOf = (/** @type {string} */ id, /** @type {(on: boolean) => void} */ action) => {
    const box = element(id, HTMLInputElement);
    box.addEventListener("change", () => action(box.checked));
  };
  switchOf("show-points", (on) => {
    stage.showPoints = on;
    stage.drawPoints();
  });
  switchOf("show-backdrop", (on) => {
    stage.backdrop.shown = on;
    stage.backdrop.update();
  });
  for (const label of points.labelsThere) {
    const [chip, dot, name] = [document.createElement("button"), document.createElement("canvas"), document.createElement("bdi")];
    chip.type = "button";
    chip.setAttribute("aria-pressed", "true");
    dot.style.background = colorOf(label);
    name.textContent = points.nameOf(label);
    chip.append(dot, name);
    chip.addEventListener("click", () => {
      const hide = !points.hidden.has(label);
      if (hide) points.hidden.add(label);
      else points.hidden.delete(label);
      chip.setAttribute("aria-pressed", String(!hide));
      stage.drawPoints();
    });
    element("labels", HTMLDivElement).append(chip);
  }
}
