/** @file A path through z: its points, and where one is after some time. */

/** Points in order, and how one goes from each to the next. */
export class Path {
  constructor() {
    /** @type {Float32Array[]} */
    this.points = [];
    this.closed = true;
    /** Whether one keeps the length of z on the way, as samples in many dimensions have nearly one length. */
    this.spherical = false;
  }

  /** @returns {number} */
  get segments() {
    const n = this.points.length;
    return n < 2 ? 0 : this.closed && n > 2 ? n : n - 1;
  }

  /**
   * z after `time` segments. At the end a closed path begins again, and an open one turns back.
   * @param {number} time
   * @returns {Float32Array}
   */
  at(time) {
    const { segments, points } = this;
    if (!segments) return points[0];
    let t = time % (this.closed && points.length > 2 ? segments : 2 * segments);
    if (t > segments) t = 2 * segments - t;
    const index = Math.min(segments - 1, Math.floor(t));
    return between(points[index], points[(index + 1) % points.length], t - index, this.spherical);
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
