/** @file Blends the decoder's other inputs between two points of a path. */

/** A smaller share of the way is none. */
const NEAR = 1e-6;

/**
 * @param {import("./source.js").Value} value of a class
 * @returns {[number, number][]} the classes with their weights
 */
export function weighed(value) {
  return typeof value === "number" ? [[value, 1]] : value;
}

/**
 * @param {import("./source.js").Value} value
 * @returns {number} the number, or the heaviest class
 */
export function heaviest(value) {
  if (typeof value === "number") return value;
  return value.reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

/**
 * Numbers go linearly from one value to the other, a class to a mix of both; what is whole switches halfway.
 * @param {import("./source.js").Setting[]} settings
 * @param {import("./source.js").Value[]} p a value for each of them
 * @param {import("./source.js").Value[]} q
 * @param {number} t the share of the way from p to q
 * @returns {import("./source.js").Value[]}
 */
export function blended(settings, p, q, t) {
  return settings.map((setting, i) => between(setting, p[i], q[i], t));
}

/**
 * @param {import("./source.js").Setting} setting
 * @param {import("./source.js").Value} p
 * @param {import("./source.js").Value} q
 * @param {number} t
 * @returns {import("./source.js").Value}
 */
function between({ count, whole, switch: isSwitch }, p, q, t) {
  if (t <= NEAR || String(p) === String(q)) return p;
  if (t >= 1 - NEAR) return q;
  if (whole || isSwitch) return t < 0.5 ? p : q;
  if (count === undefined) return (1 - t) * heaviest(p) + t * heaviest(q);
  /** @type {Map<number, number>} */
  const weights = new Map();
  for (const [n, weight] of weighed(p)) weights.set(n, (1 - t) * weight);
  for (const [n, weight] of weighed(q)) weights.set(n, (weights.get(n) ?? 0) + t * weight);
  return [...weights].sort((one, other) => one[0] - other[0]);
}
