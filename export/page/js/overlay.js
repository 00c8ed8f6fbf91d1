/** @file Draws over the plane: ticks, the path, the posterior of a drawing, the cursor. */

const INK = "#ffffff";
const SHADE = "rgba(8, 10, 14, 0.8)";
const PATH = "#ffd166";
/** The width of the margin with the numbers of the vertical axis. */
const TICKS_PX = 46;

/**
 * A step of 1, 2 or 5 times a power of ten.
 * @param {number} least
 * @returns {number}
 */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
}

/**
 * @param {number} value
 * @param {number} step
 * @returns {string}
 */
function tickText(value, step) {
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
  return value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./plane.js").View} view
 * @param {string[]} names of the axes
 * @returns {void}
 */
export function drawTicks(context, view, names) {
  const step = niceStep(90 / view.scale);
  // Margins that fade, so that the numbers can be read over any picture.
  for (const [x, y, w, h] of [[0, 0, TICKS_PX, 0], [0, view.height, 0, -30]]) {
    const fade = context.createLinearGradient(x, y, x + w, y + h);
    fade.addColorStop(0, "rgba(8, 10, 14, 0.85)");
    fade.addColorStop(0.6, "rgba(8, 10, 14, 0.55)");
    fade.addColorStop(1, "rgba(8, 10, 14, 0)");
    context.fillStyle = fade;
    context.fillRect(x, y, w || view.width, h || view.height);
  }
  context.font = "11px system-ui, sans-serif";
  context.lineWidth = 3;
  context.strokeStyle = SHADE;
  context.fillStyle = "#d7dde5";
  const write = (/** @type {string} */ text, /** @type {number} */ x, /** @type {number} */ y) => {
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  const [left, top] = view.toPlane(0, 0);
  const [right, bottom] = view.toPlane(view.width, view.height);
  const title = `${names[0]} → ${names[1]} ↑`;
  const free = Math.max(56, 24 + context.measureText(title).width);
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (let k = Math.ceil(left / step); k * step <= right; k++) {
    const [x] = view.toScreen(k * step, 0);
    if (x > free && x < view.width - 16) write(tickText(k * step, step), x, view.height - 7);
  }
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (let k = Math.ceil(bottom / step); k * step <= top; k++) {
    const [, y] = view.toScreen(0, k * step);
    if (y > 12 && y < view.height - 30) write(tickText(k * step, step), 7, y);
  }
  write(title, 7, view.height - 11);
}

/**
 * The line at which the prior ends, with its name.
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][]} corners on the screen, from the upper left
 * @returns {void}
 */
export function drawOutline(context, corners) {
  if (!corners.length) return;
  for (const [color, width] of /** @type {[string, number][]} */ ([[SHADE, 2.6], [INK, 1.4]])) {
    context.beginPath();
    for (const [x, y] of corners) context.lineTo(x, y);
    context.closePath();
    context.setLineDash(color === INK ? [6, 5] : []);
    context.lineWidth = width;
    context.strokeStyle = color;
    context.stroke();
  }
  context.setLineDash([]);
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "top";
  context.lineWidth = 3;
  context.strokeStyle = SHADE;
  context.fillStyle = INK;
  const [x, y] = corners[0];
  for (const draw of /** @type {const} */ (["strokeText", "fillText"])) context[draw]("prior", Math.max(TICKS_PX, x) + 6, y + 6);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][]} line through the points, on the screen
 * @param {[number, number][]} points
 * @returns {void}
 */
export function drawPath(context, line, points) {
  if (!points.length) return;
  for (const [color, width] of /** @type {[string, number][]} */ ([[SHADE, 5], [PATH, 2.5]])) {
    context.beginPath();
    for (const [x, y] of line) context.lineTo(x, y);
    context.lineWidth = width;
    context.lineJoin = "round";
    context.strokeStyle = color;
    context.stroke();
  }
  for (const [x, y] of points) {
    context.beginPath();
    context.arc(x, y, 4.5, 0, 2 * Math.PI);
    context.fillStyle = PATH;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = SHADE;
    context.stroke();
  }
}

/**
 * The ellipses that hold 39 and 86 percent of an approximate posterior: one and two standard deviations.
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number]} center
 * @param {[number, number]} deviation in pixels
 * @returns {void}
 */
export function drawEllipses(context, [x, y], [rx, ry]) {
  for (const times of [1, 2]) {
    context.beginPath();
    context.ellipse(x, y, Math.max(1, times * rx), Math.max(1, times * ry), 0, 0, 2 * Math.PI);
    context.lineWidth = 4;
    context.strokeStyle = SHADE;
    context.stroke();
    context.lineWidth = 1.8;
    context.strokeStyle = INK;
    context.stroke();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number]} at
 * @returns {void}
 */
export function drawCursor(context, [x, y]) {
  for (const [color, width] of /** @type {[string, number][]} */ ([[SHADE, 5], [INK, 2.2]])) {
    context.beginPath();
    context.arc(x, y, 8, 0, 2 * Math.PI);
    context.moveTo(x + 1, y);
    context.arc(x, y, 1, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = color;
    context.stroke();
  }
}
