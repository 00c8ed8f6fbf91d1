/** @file The prior p(z): its samples, whether a z is possible, and the range of a coordinate. */

/** @typedef {{kind: string, scale: number, center: number}} Prior normal, uniform or sphere, as in export/page/prior.py */

/** The range of sliders for a normal prior, in standard deviations. */
const NORMAL_REACH = 4;
/** The precision of float32. */
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
 * @returns {boolean} whether z is possible under the prior; every z is possible under a normal one
 */
export function isPossible({ kind, scale, center }, z) {
  if (kind === "normal") return true;
  const offsets = Array.from(z, (x) => Math.abs(x - center));
  if (kind === "uniform") return Math.max(...offsets) <= scale * (1 + NEAR);
  return Math.abs(Math.hypot(...offsets) - scale) <= scale * NEAR;
}

/**
 * @param {Prior} prior
 * @returns {[number, number]} the range in which people can set a coordinate
 */
export function ends({ kind, scale, center }) {
  const reach = scale * (kind === "normal" ? NORMAL_REACH : 1);
  return [center - reach, center + reach];
}

/**
 * The circle in which a plane meets the sphere: its centre on the plane, and its radius, 0 if they do not meet.
 * @param {Prior} prior
 * @param {import("./plane.js").Frame} frame
 * @returns {{a: number, b: number, radius: number}}
 */
function circleOn({ scale }, frame) {
  const { a, b } = frame.nearest(new Float32Array(frame.d));
  return { a, b, radius: Math.sqrt(Math.max(0, scale ** 2 - Math.hypot(...frame.place(a, b).z) ** 2)) };
}

/**
 * The outline of the prior on a plane: the edge of a uniform one, or the circle of a sphere.
 * @param {Prior} prior
 * @param {import("./plane.js").Frame} frame
 * @returns {[number, number][]} corners in (a, b), from the upper left; none if there is no such line
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
 * A random place of a plane whose z is possible under the prior; for a sphere, a place on the circle that they share.
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
