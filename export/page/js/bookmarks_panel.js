/** @file A row of bookmarks: places that were saved with names. */

import { element } from "./dom.js";
import { Frame } from "./plane.js";
import { packed } from "./source.js";

/**
 * @typedef {{name: string, plane: number, view: number[], start: number[], epoch: number | null, inputs?: import("./source.js").Value[]}}
 *   Bookmark with one of the page's epochs, or null if the page has none, and with a value for each settable input
 */

/**
 * @param {import("./explorer.js").Explorer} explorer
 * @returns {Promise<void>} when all pictures are drawn
 */
export async function bookmarksPanel(explorer) {
  /** @type {Bookmark[]} */
  const marks = explorer.facts.bookmarks ?? [];
  if (!marks.length) return;
  const { source, facts, frame } = explorer;
  element("bookmarks-card", HTMLElement).hidden = false;
  const values = marks.map((mark) => explorer.inputsOf(mark));
  const differs = (/** @type {number} */ i) => new Set(values.map((one) => JSON.stringify(one[i]))).size > 1;
  const canvases = marks.map((mark, index) => {
    const [button, canvas, name] = [document.createElement("button"), document.createElement("canvas"), document.createElement("bdi")];
    button.type = "button";
    button.title = mark.inputs ? `${mark.name}: ${explorer.inputWords(mark.inputs)}` : mark.name;
    canvas.width = source.width;
    canvas.height = source.height;
    canvas.setAttribute("aria-hidden", "true");
    name.textContent = mark.name;
    button.append(canvas, name);
    const differing = explorer.inputWords(values[index], differs);
    if (differing) {
      const inputs = document.createElement("small");
      inputs.textContent = differing;
      button.append(inputs);
    }
    button.addEventListener("click", () => explorer.visit(mark));
    element("bookmarks", HTMLDivElement).append(button);
    return canvas;
  });
  for (const [index, mark] of marks.entries()) {
    const { z } = new Frame(frame.d, facts.planes[mark.plane]).place(mark.start[0], mark.start[1]);
    const { pixels } = await source.picture(
      mark.epoch ?? explorer.epoch,
      { ...frame.nearest(z), z },
      packed(explorer.settings, explorer.inputsOf(mark)),
    );
    const context = /** @type {CanvasRenderingContext2D} */ (canvases[index].getContext("2d"));
    context.putImageData(new ImageData(pixels, source.width, source.height), 0, 0);
  }
}
