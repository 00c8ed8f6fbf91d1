/** @file The plane: the z of each place on it, and the place's position on the screen. */

/** @typedef {{axes?: number[], origin?: number[], u?: number[], v?: number[], onSamples?: boolean, home?: number[], words?: string[]}} Plane as a page's facts have it */

/** If the view moves to show a place, the place gets this distance from the edge, as a share of the view. */
const EDGE_SHARE = 0.15;

/** The plane z = origin + a·u + b·v. */
export class Frame {
  /**
   * @param {number} d
   * @param {Plane} facts
   */
  constructor(d, facts) {
    this.d = d;
    /** @type {number[] | null} the coordinates that it is parallel to */
    this.axes = null;
    /** Whether it goes through three samples of the prior. */
    this.onSamples = false;
    /** @type {string[] | null} what a and b mean, for people */
    this.words = null;
    this.origin = new Float32Array(d);
    this.u = new Float32Array(d);
    this.v = new Float32Array(d);
    /** Counts changes, so that pictures of an earlier plane are not used for this one. */
    this.version = 0;
    this.set(facts);
  }

  /**
   * Set the plane from facts.
   * @param {Plane} facts
   * @returns {void}
   */
  set(facts) {
    this.origin.fill(0);
    this.origin.set(facts.origin ?? []);
    if (facts.axes) this.setAxes(facts.axes[0], facts.axes[1]);
    else {
      this.axes = null;
      this.onSamples = facts.onSamples ?? false;
      this.words = facts.words ?? null;
      this.u.set(facts.u ?? []);
      this.v.set(facts.v ?? []);
      this.version++;
    }
  }

  /**
   * Set the plane parallel to two coordinates.
   * @param {number} first
   * @param {number} second
   * @returns {void}
   */
  setAxes(first, second) {
    this.axes = [first, second];
    this.words = null;
    this.onSamples = false;
    this.u.fill(0);
    this.v.fill(0);
    this.u[first] = 1;
    if (this.d > 1) this.v[second] = 1;
    this.version++;
  }

  /**
   * Set the plane through three samples of the prior.
   * @param {Float32Array[]} points
   * @returns {void}
   */
  setThrough([p, q, r]) {
    this.axes = null;
    this.words = null;
    this.onSamples = true;
    for (let i = 0; i < this.d; i++) this.origin[i] = (p[i] + q[i] + r[i]) / 3;
    const towards = (/** @type {Float32Array} */ to, /** @type {Float32Array} */ x) => {
      for (let i = 0; i < this.d; i++) to[i] = x[i] - p[i];
    };
    const scale = (/** @type {Float32Array} */ x) => {
      const length = Math.hypot(...x) || 1;
      for (let i = 0; i < x.length; i++) x[i] /= length;
    };
    towards(this.u, q);
    scale(this.u);
    towards(this.v, r);
    const along = dot(this.v, this.u);
    for (let i = 0; i < this.d; i++) this.v[i] -= along * this.u[i];
    scale(this.v);
    this.version++;
  }

  /**
   * @param {number} a
   * @param {number} b
   * @returns {import("./source.js").Place}
   */
  place(a, b) {
    const z = new Float32Array(this.d);
    for (let i = 0; i < this.d; i++) z[i] = this.origin[i] + a * this.u[i] + b * this.v[i];
    return { a, b, z };
  }

  /**
   * The place of the plane that is nearest to z.
   * @param {ArrayLike<number>} z
   * @returns {{a: number, b: number}}
   */
  nearest(z) {
    let [a, b] = [0, 0];
    for (let i = 0; i < this.d; i++) {
      a += (z[i] - this.origin[i]) * this.u[i];
      b += (z[i] - this.origin[i]) * this.v[i];
    }
    return { a, b };
  }

  /**
   * @param {Frame} other
   * @returns {boolean} whether it is the same plane, with the same directions
   */
  isSameAs(other) {
    const { a, b } = this.nearest(other.origin);
    for (let i = 0; i < this.d; i++) {
      if (Math.abs(this.u[i] - other.u[i]) > 1e-5 || Math.abs(this.v[i] - other.v[i]) > 1e-5) return false;
      const away = other.origin[i] - this.origin[i] - a * this.u[i] - b * this.v[i];
      if (Math.abs(away) > 1e-4 * (1 + Math.abs(other.origin[i]))) return false;
    }
    return true;
  }

  /**
   * Move the plane so that z lies on it.
   * @param {ArrayLike<number>} z
   * @returns {{a: number, b: number}} the place of z on the plane
   */
  moveTo(z) {
    const { a, b } = this.nearest(z);
    let [moved, most] = [0, 1];
    const origin = this.origin.map((_, i) => z[i] - a * this.u[i] - b * this.v[i]);
    for (let i = 0; i < this.d; i++) {
      moved = Math.max(moved, Math.abs(origin[i] - this.origin[i]));
      most = Math.max(most, Math.abs(z[i]));
    }
    // Rounding errors must not count as a move, because a moved plane is decoded again.
    if (moved > 2e-6 * most) {
      this.origin.set(origin);
      this.version++;
    }
    return { a, b };
  }
}

/**
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @returns {number}
 */
function dot(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

/** The part of the plane that is on the screen. Lengths on the screen are in CSS pixels. */
export class View {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.a = 0;
    this.b = 0;
    this.scale = 100;
  }

  /**
   * Show a rectangle of the plane.
   * @param {number[]} box least a, least b, greatest a, greatest b
   * @returns {void}
   */
  fit([left, bottom, right, top]) {
    this.a = (left + right) / 2;
    this.b = (bottom + top) / 2;
    this.scale = 0.96 * Math.min(this.width / (right - left), this.height / (top - bottom));
  }

  /**
   * @param {number} a
   * @param {number} b
   * @returns {[number, number]}
   */
  toScreen(a, b) {
    return [this.width / 2 + (a - this.a) * this.scale, this.height / 2 - (b - this.b) * this.scale];
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {[number, number]}
   */
  toPlane(x, y) {
    return [this.a + (x - this.width / 2) / this.scale, this.b - (y - this.height / 2) / this.scale];
  }

  /**
   * Zoom with the place at (x, y) fixed.
   * @param {number} factor
   * @param {number} x
   * @param {number} y
   * @returns {void}
   */
  zoom(factor, x, y) {
    const [a, b] = this.toPlane(x, y);
    this.scale = Math.max(1e-2, Math.min(1e7, this.scale * factor));
    const [a2, b2] = this.toPlane(x, y);
    this.a += a - a2;
    this.b += b - b2;
  }

  /**
   * If a place is out of view, move the view so that it is well inside.
   * @param {number} a
   * @param {number} b
   * @returns {boolean} whether that was needed
   */
  reveal(a, b) {
    const [x, y] = this.toScreen(a, b);
    const inside = (/** @type {number} */ at, /** @type {number} */ size) => {
      return at < 0 || at > size ? Math.max(EDGE_SHARE * size, Math.min((1 - EDGE_SHARE) * size, at)) : at;
    };
    const [x2, y2] = [inside(x, this.width), inside(y, this.height)];
    this.pan(x2 - x, y2 - y);
    return x2 !== x || y2 !== y;
  }

  /**
   * @param {number} dx
   * @param {number} dy
   * @returns {void}
   */
  pan(dx, dy) {
    this.a -= dx / this.scale;
    this.b += dy / this.scale;
  }
}
