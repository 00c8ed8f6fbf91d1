/** @file The picture under the cursor, its z, the nearest test image, and the text for screen readers. */

import { element, onClick, setText } from "./dom.js";
import { drawn, placeOn } from "./prior.js";

/** A z of at most this many numbers is written out. */
const MOST_WRITTEN = 8;
const SAID_AFTER_MS = 400;

/**
 * @param {number} x
 * @returns {string}
 */
function short(x) {
  return x.toFixed(3).replace(/^-(?=[0.]*$)/, "");
}

/**
 * @param {import("./explorer.js").Explorer} explorer
 * @param {import("./points.js").Points | null} points
 * @returns {void}
 */
export function picturePanel(explorer, points) {
  const canvas = element("picture", HTMLCanvasElement);
  const field = element("z", HTMLInputElement);
  const { width, height } = explorer.source;
  canvas.width = width;
  canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const whole = explorer.frame.d <= MOST_WRITTEN;
  setText("z-label", whole ? "z" : "Place on the plane (a, b)");
  let said = 0;

  const showZ = () => {
    const { a, b, place } = explorer;
    const text = (whole ? [...place.z] : [a, b]).map(short).join(", ");
    if (document.activeElement !== field) field.value = text;
    field.removeAttribute("aria-invalid");
    const nearest = points ? points.nearest(place.z) : -1;
    element("nearest", HTMLDivElement).hidden = nearest < 0;
    const label = points && nearest >= 0 ? points.nameOf(points.label(nearest)) : "";
    if (points && nearest >= 0) {
      setText("nearest-label", label);
      const small = element("nearest-picture", HTMLCanvasElement);
      small.hidden = !points.sheet;
      points.drawThumbnail(small, nearest);
    }
    clearTimeout(said);
    said = window.setTimeout(() => {
      const inputs = explorer.inputWords(explorer.inputs);
      const words = `z ${text}${inputs && `, ${inputs}`}${label ? `, nearest test image ${label}` : ""}`;
      setText("live", words);
      canvas.setAttribute("aria-label", `Decoded picture at ${words}`);
    }, SAID_AFTER_MS);
  };

  let asked = false;
  explorer.on(["cursor", "epoch", "plane", "inputs"], () => {
    if (asked) return;
    asked = true;
    // The text is updated once a frame, the picture as soon as it is decoded.
    requestAnimationFrame(() => {
      asked = false;
      showZ();
    });
  });
  explorer.on(["picture"], () => {
    if (explorer.picture) context.putImageData(explorer.picture, 0, 0);
  });

  field.addEventListener("change", () => {
    const numbers = field.value.replaceAll("−", "-").split(/[\s,;]+/).filter(Boolean).map(Number);
    if (numbers.length !== (whole ? explorer.frame.d : 2) || !numbers.every(Number.isFinite)) {
      field.setAttribute("aria-invalid", "true");
      return;
    }
    field.blur();
    explorer.show(whole ? numbers : explorer.frame.place(numbers[0], numbers[1]).z);
  });

  onClick("sample", () => sample(explorer));
  onClick("save", () => {
    canvas.toBlob((blob) => {
      if (!blob) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = "picture.png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  });
}

/**
 * Move to a sample of the prior. A plane through samples is put through the new sample and two others. An atlas has
 * only one plane: there, move to a place on it that is a possible z of the prior.
 * @param {import("./explorer.js").Explorer} explorer
 * @returns {void}
 */
export function sample(explorer) {
  const { facts, frame, home } = explorer;
  if (facts.mode === "live") {
    if (frame.onSamples) explorer.throughSamples();
    else explorer.show(drawn(facts.prior, frame.d));
    return;
  }
  const { a, b } = placeOn(facts.prior, frame, home) ?? explorer;
  explorer.show(frame.place(a, b).z);
}
