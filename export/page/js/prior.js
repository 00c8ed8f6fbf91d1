/** @file The prior p(z): samples of it, whether a z can be one, and how far a coordinate goes. */

/** @typedef {{kind: string, scale: number, center: number}} Prior normal, uniform or sphere, as export/page/prior.py says */

/** How far sliders go under a normal prior, in standard deviations. */
const NORMAL_REACH = 4;
/** Float32 has no more digits. */
const NEAR = 1e-5;
const MOST_TRIES = 1000;
const CIRCLE_STEPS = 96;

/** @returns {number} drawn from N(0, 1) */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/**
 * @param {Prior} prior
 * @param {number} d
 * @returns {Float32Array} a sample
 */
export function drawn({ kind, scale, center }, d) {
  if (kind === "uniform") return Float32Array.from({ length: d }, () => center + scale * (2 * Math.random() - 1));
  const z = Float32Array.from({ length: d }, normal);
  const length = kind === "sphere" ? Math.hypot(...z) || 1 : 1;
  return z.map((x) => (scale * x) / length);
}

/**
 * @param {Prior} prior
 * @param {ArrayLike<number>} z
 * @returns {boolean} whether the prior has such a z; a normal one has every z
 */
export function isPossible({ kind, scale, center }, z) {
  if (kind === "normal") return true;
  const offsets = Array.from(z, (x) => Math.abs(x - center));
  if (kind === "uniform") return Math.max(...offsets) <= scale * (1 + NEAR);
  return Math.abs(Math.hypot(...offsets) - scale) <= scale * NEAR;
}

/**
 * @param {Prior} prior
 * @returns {[number, number]} between which one sets a coordinate
 */
export function ends({ kind, scale, center }) {
  const reach = scale * (kind === "normal" ? NORMAL_REACH : 1);
  return [center - reach, center + reach];
}

/**
 * Where a plane meets the sphere: its middle there, and the circle's radius, which is 0 if it does not.
 * @param {Prior} prior
 * @param {import("./plane.js").Frame} frame
 * @returns {{a: number, b: number, radius: number}}
 */
function circleOn({ scale }, frame) {
  const { a, b } = frame.nearest(new Float32Array(frame.d));
  return { a, b, radius: Math.sqrt(Math.max(0, scale ** 2 - Math.hypot(...frame.place(a, b).z) ** 2)) };
}

/**
 * The line on a plane at which the prior ends, or on which it lies.
 * @param {Prior} prior
 * @param {import("./plane.js").Frame} frame
 * @returns {[number, number][]} corners in (a, b), from the upper left; none where there is no such line
 */
export function outline(prior, frame) {
  if (frame.d < 2 || prior.kind === "normal") return [];
  if (prior.kind === "sphere") {
    const { a, b, radius } = circleOn(prior, frame);
    const at = (/** @type {number} */ k) => Math.PI * (0.75 - (2 * k) / CIRCLE_STEPS);
    return radius ? Array.from({ length: CIRCLE_STEPS }, (_, k) => [a + radius * Math.cos(at(k)), b + radius * Math.sin(at(k))]) : [];
  }
  const { axes, origin } = frame;
  if (!axes || !isPossible(prior, origin.map((x, axis) => (axes.includes(axis) ? prior.center : x)))) return [];
  const [low, high] = ends(prior);
  return [[low, high], [high, high], [high, low], [low, low]];
}

/**
 * A place on a plane where the prior has a z: of a sphere on the circle in which the plane meets it.
 * @param {Prior} prior
 * @param {import("./plane.js").Frame} frame
 * @param {number[]} box least a, least b, greatest a, greatest b
 * @returns {{a: number, b: number} | null} null if none is found
 */
export function placeOn(prior, frame, [left, bottom, right, top]) {
  const circle = circleOn(prior, frame);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    let [a, b] = [left + (right - left) * Math.random(), bottom + (top - bottom) * Math.random()];
    if (prior.kind === "sphere") {
      const angle = 2 * Math.PI * Math.random();
      [a, b] = [circle.a + circle.radius * Math.cos(angle), circle.b + circle.radius * Math.sin(angle)];
      if (frame.d === 1) [a, b] = [Math.sign(Math.cos(angle)) * prior.scale, 0];
    }
    const inside = a >= left && a <= right && b >= bottom && b <= top;
    if (inside && isPossible(prior, frame.place(a, b).z)) return { a, b };
  }
  return null;
}
