/** @file The path's panel: adds points, and plays the path by moving the cursor along it. */

import { element, onClick, setText } from "./dom.js";

/**
 * @param {import("./explorer.js").Explorer} explorer
 * @param {import("./path.js").Path} path
 * @returns {{add: () => void, play: () => void}}
 */
export function pathPanel(explorer, path) {
  const live = explorer.facts.mode === "live";
  // A straight line between two samples of a uniform prior stays inside the prior, so it needs no spherical path.
  path.spherical = explorer.frame.onSamples && live && explorer.facts.prior.kind !== "uniform";
  let [frame, started, offset] = [0, 0, 0];
  const seconds = element("path-seconds", HTMLInputElement);
  const closed = element("path-closed", HTMLInputElement);
  const given = explorer.facts.path;
  if (given) {
    path.points = given.points.map((/** @type {number[]} */ point) => Float32Array.from(point));
    path.inputs = given.inputs ?? path.points.map(() => explorer.inputs);
    path.keepsInputs = given.inputs !== undefined;
    path.times = given.times;
    path.spherical = given.spherical && live;
    path.closed = closed.checked = given.closed;
    seconds.value = String(given.seconds);
  }

  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    playButton.textContent = "Play";
    playButton.setAttribute("aria-pressed", "false");
  };
  const show = () => {
    const count = path.points.length;
    setText("path-text", count ? `${count} point${count > 1 ? "s" : ""}` : "");
    playButton.disabled = count < 2;
    clearButton.disabled = count === 0;
    element("path-help", HTMLParagraphElement).hidden = count > 1;
  };
  const step = (/** @type {number} */ now) => {
    const turn = Math.max(0.1, Math.min(600, Number(seconds.value) || 8)) * 1000;
    if (!started) started = now - offset * turn;
    offset = (now - started) / turn;
    explorer.setInputs(path.inputsAt(offset, explorer.settings) ?? explorer.inputs);
    explorer.goTo(path.at(offset));
    frame = requestAnimationFrame(step);
  };
  const play = () => {
    if (path.points.length < 2) return;
    if (frame) {
      stop();
      return;
    }
    started = 0;
    playButton.textContent = "Pause";
    playButton.setAttribute("aria-pressed", "true");
    frame = requestAnimationFrame(step);
  };
  const add = () => {
    path.points.push(explorer.place.z);
    path.inputs.push(explorer.inputs);
    explorer.tell("path");
  };
  onClick("path-add", add);
  const playButton = onClick("path-play", play);
  const clearButton = onClick("path-clear", () => {
    stop();
    offset = 0;
    path.points = [];
    path.inputs = [];
    path.keepsInputs = false;
    path.times = [];
    explorer.tell("path");
  });
  closed.addEventListener("change", () => {
    path.closed = closed.checked;
    explorer.tell("path");
  });
  // Pressing on the plane, or going to another place, stops the path.
  element("plane", HTMLDivElement).addEventListener("pointerdown", () => frame && stop());
  explorer.on(["visit"], () => frame && stop());
  explorer.on(["path"], show);
  show();
  return { add, play };
}
