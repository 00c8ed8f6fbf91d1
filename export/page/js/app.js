/** @file Starts the page: reads its facts, shows the first picture as soon as possible, then everything else. */

import { bookmarksPanel } from "./bookmarks_panel.js";
import { element, made, onClick, setText } from "./dom.js";
import { drawPanel } from "./draw_panel.js";
import { Explorer } from "./explorer.js";
import { inputsPanel } from "./inputs_panel.js";
import { Path } from "./path.js";
import { pathPanel } from "./path_panel.js";
import { picturePanel, sample } from "./picture_panel.js";
import { layersPanel, planePanel } from "./plane_panel.js";
import { Points } from "./points.js";
import { AtlasSource, LiveSource } from "./source.js";
import { Stage } from "./stage.js";
import { timePanel } from "./time_panel.js";

/**
 * The button for the light or dark theme. Until it is pressed, the page has the system's theme.
 * @returns {void}
 */
function themeButton() {
  onClick("theme", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
}

/**
 * @param {any} facts
 * @returns {void}
 */
function writeFacts(facts) {
  const { channels, width, height } = facts.image;
  const colors = channels === 1 ? "grey" : channels === 3 ? "colour" : "colour with transparency";
  const dimensions = `${facts.latentDim} latent dimension${facts.latentDim === 1 ? "" : "s"}`;
  const inputs = facts.inputs.slice(0, 3).map((/** @type {string[]} */ [name, value]) => `, ${name} ${value}`).join("");
  const what = facts.mode === "live" ? "Drag on the plane to decode." : "Its pictures were decoded beforehand: drag on the plane.";
  setText("name", facts.name);
  setText("summary", `${width} × ${height} pixels, ${colors}, ${dimensions}${inputs}. ${what}`);
  const about = element("about", HTMLDListElement);
  for (const [name, value] of facts.facts) about.append(made("dt", name), made("dd", value));
  const notes = element("notes", HTMLUListElement);
  for (const note of facts.notes) notes.append(made("li", note));
}

/**
 * Keys for the whole page, unless another element than the plane has the focus.
 * @param {{add: () => void, play: () => void}} path
 * @param {(step: number) => void} epochBy
 * @param {Explorer} explorer
 * @returns {void}
 */
function globalKeys(path, epochBy, explorer) {
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    // Any other focused element keeps its keys.
    if (target !== document.body && target.id !== "plane") return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const keys = {
      p: path.add, " ": path.play, r: () => sample(explorer), ",": () => epochBy(-1), ".": () => epochBy(1),
    };
    const action = keys[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

/**
 * In a frame, send the cursor's place to the parent page, where a notebook's widget listens.
 * @param {Explorer} explorer
 * @returns {void}
 */
function tellParent(explorer) {
  if (window.parent === window) return;
  let asked = false;
  explorer.on(["cursor", "epoch", "plane", "inputs"], () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      const { z } = explorer.place;
      const inputs = Object.fromEntries(explorer.settings.map(({ name }, i) => [name, explorer.inputs[i]]));
      window.parent.postMessage({ latentPlane: { z: Array.from(z), epoch: explorer.epoch, inputs } }, "*");
    });
  });
}

/** @returns {Promise<void>} */
async function start() {
  const facts = JSON.parse(element("facts", HTMLScriptElement).textContent ?? "");
  themeButton();
  writeFacts(facts);
  const source = facts.mode === "live" ? new LiveSource(facts) : new AtlasSource(facts);
  const explorer = new Explorer(facts, source);
  const points = facts.points ? new Points(facts) : null;
  const path = new Path();
  picturePanel(explorer, points);
  const epochBy = timePanel(explorer);
  const keys = pathPanel(explorer, path);
  globalKeys(keys, epochBy, explorer);
  tellParent(explorer);
  const stage = new Stage(explorer, points, path);
  inputsPanel(explorer);
  planePanel(explorer);
  drawPanel(explorer, stage);
  explorer.on(["picture"], () => {
    words.then((text) => setText("status", `${explorer.usualMs.toFixed(1)} ms a picture, ${text}.`));
  });
  const words = source.words();
  const [startA, startB] = facts.frame.start ?? [0, 0];
  explorer.moveTo(startA, startB);
  await new Promise((resolve) => explorer.on(["picture"], () => resolve(null)));
  performance.mark("first-picture");
  source.start();
  stage.redraw();
  bookmarksPanel(explorer);
  if (points) {
    const showEpoch = async () => {
      const { epoch } = explorer;
      await points.setEpoch(epoch);
      if (epoch !== explorer.epoch) return;
      points.project(explorer.frame);
      stage.drawPoints();
      explorer.tell("cursor");
    };
    explorer.on(["epoch"], showEpoch);
    await Promise.all([points.load(), showEpoch()]);
    layersPanel(stage, points);
    stage.drawPoints();
    explorer.tell("cursor");
  }
  document.documentElement.dataset.ready = "yes";
}

start().catch((error) => {
  const text = error instanceof Error ? error.message : String(error);
  const old = typeof DecompressionStream === "undefined";
  setText("status", old ? "This page needs a browser of 2023 or newer." : `This page does not work here: ${text}`);
});
