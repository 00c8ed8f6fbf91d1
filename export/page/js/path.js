/** @file A path through z: its points, and the z after some time. */

import { blended } from "./blend.js";

/** The number of straight pieces that a curved segment is drawn with. */
const LINE_STEPS = 24;

/** Points in order, and how to interpolate between them. */
export class Path {
  constructor() {
    /** @type {Float32Array[]} */
    this.points = [];
    /** @type {import("./source.js").Value[][]} the decoder's other inputs at each point; empty if none were set */
    this.inputs = [];
    /** Whether the points keep these inputs even if all points have the same. */
    this.keepsInputs = false;
    this.closed = true;
    /** @type {number[]} the time of each leg, in any unit; missing ones are the mean of the others */
    this.times = [];
    /** Whether to interpolate spherically: in many dimensions, samples have nearly the same length. */
    this.spherical = false;
  }

  /** @returns {number} */
  get segments() {
    const n = this.points.length;
    return n < 2 ? 0 : this.closed && n > 2 ? n : n - 1;
  }

  /** @returns {Float32Array[]} the points of the line to draw: the path's points, and points on curved segments */
  get line() {
    const { segments, points } = this;
    if (!segments) return points;
    const steps = this.spherical ? LINE_STEPS : 1;
    return Array.from({ length: segments * steps + 1 }, (_, k) => {
      const index = Math.min(segments - 1, Math.floor(k / steps));
      return between(points[index], points[(index + 1) % points.length], k / steps - index, this.spherical);
    });
  }

  /** @returns {number[]} the time of each segment */
  get legs() {
    const known = this.times.slice(0, this.segments);
    const sum = known.reduce((total, time) => total + time, 0);
    const usual = sum > 0 ? sum / known.length : 1;
    return Array.from({ length: this.segments }, (_, leg) => (sum > 0 ? (known[leg] ?? usual) : 1));
  }

  /**
   * The z at a time. At the end, a closed path starts again, and an open one turns back.
   * @param {number} turns the time, in units of the whole path's duration
   * @returns {Float32Array}
   */
  at(turns) {
    const { points } = this;
    if (!this.segments) return points[0];
    const { index, share } = this.place(turns);
    return between(points[index], points[(index + 1) % points.length], share, this.spherical);
  }

  /**
   * The decoder's other inputs at that time; null if they are the same at all points.
   * @param {number} turns
   * @param {import("./source.js").Setting[]} settings
   * @returns {import("./source.js").Value[] | null}
   */
  inputsAt(turns, settings) {
    const { inputs } = this;
    if (!this.segments || inputs.length !== this.points.length) return null;
    const first = JSON.stringify(inputs[0]);
    if (!this.keepsInputs && inputs.every((values) => JSON.stringify(values) === first)) return null;
    const { index, share } = this.place(turns);
    return blended(settings, inputs[index], inputs[(index + 1) % inputs.length], share);
  }

  /**
   * The segment in which one is after so many times along the whole path, and the share of it.
   * @param {number} turns
   * @returns {{index: number, share: number}}
   */
  place(turns) {
    const { segments, points, legs } = this;
    let t = turns % (this.closed && points.length > 2 ? 1 : 2);
    if (t > 1) t = 2 - t;
    let left = t * legs.reduce((total, time) => total + time, 0);
    let index = 0;
    while (index < segments - 1 && left >= legs[index]) left -= legs[index++];
    return { index, share: legs[index] ? Math.min(1, left / legs[index]) : 1 };
  }
}

/**
 * @param {Float32Array} p
 * @param {Float32Array} q
 * @param {number} t
 * @param {boolean} spherical
 * @returns {Float32Array}
 */
function between(p, q, t, spherical) {
  let [s, r] = [1 - t, t];
  if (spherical) {
    const [lp, lq] = [Math.hypot(...p) || 1, Math.hypot(...q) || 1];
    const cosine = p.reduce((sum, x, i) => sum + (x * q[i]) / (lp * lq), 0);
    const angle = Math.acos(Math.max(-1, Math.min(1, cosine)));
    // Nearly opposite or equal directions: a straight line.
    if (angle > 1e-3 && angle < Math.PI - 1e-3) {
      const length = lp * (1 - t) + lq * t;
      s = ((Math.sin((1 - t) * angle) / Math.sin(angle)) * length) / lp;
      r = ((Math.sin(t * angle) / Math.sin(angle)) * length) / lq;
    }
  }
  return p.map((x, i) => s * x + r * q[i]);
}
