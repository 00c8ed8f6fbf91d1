/** @file The prior p(z): samples of it, whether a z can be one, and how far a coordinate goes. */

/** @typedef {{kind: string, scale: number, center: number}} Prior normal, uniform or sphere, as export/page/prior.py says */

/** How far sliders go under a normal prior, in standard deviations. */
const NORMAL_REACH = 4;
/** Float32 has no more digits. */
const NEAR = 1e-5;
const MOST_TRIES = 1000;

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
 * A place on a plane where the prior has a z: of a sphere on the circle in which the plane meets it.
 * @param {Prior} prior
 * @param {import("./plane.js").Frame} frame
 * @param {number[]} box least a, least b, greatest a, greatest b
 * @returns {{a: number, b: number} | null} null if none is found
 */
export function placeOn(prior, frame, [left, bottom, right, top]) {
  const middle = frame.nearest(new Float32Array(frame.d));
  const foot = frame.place(middle.a, middle.b).z;
  const radius = Math.sqrt(Math.max(0, prior.scale ** 2 - Math.hypot(...foot) ** 2));
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    let [a, b] = [left + (right - left) * Math.random(), bottom + (top - bottom) * Math.random()];
    if (prior.kind === "sphere") {
      const angle = 2 * Math.PI * Math.random();
      [a, b] = [middle.a + radius * Math.cos(angle), middle.b + radius * Math.sin(angle)];
      if (frame.d === 1) [a, b] = [Math.sign(Math.cos(angle)) * prior.scale, 0];
    }
    const inside = a >= left && a <= right && b >= bottom && b <= top;
    if (inside && isPossible(prior, frame.place(a, b).z)) return { a, b };
  }
  return null;
}
