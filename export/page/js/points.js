/** @file Test images as points: their places at an epoch, their colours, and their thumbnails. */

import { block, coordinates } from "./unpack.js";

/** Ten colours that can be told apart with every kind of colour vision; each label is also shown as text. */
const COLORS = [
  "#287afe", "#ed9912", "#9ee08f", "#fb5a6f", "#afa0ff", "#9c7a22", "#c67cb7", "#c4c1c3", "#fff20e", "#29f0ff",
];
const PLAIN = "#ffd166";
const CAPTION_LETTERS = 16;
const CAPTION_PX = 24;
/** Vertical shifts at which a caption is tried, in units of its height. */
const SHIFTS = [0, -1, 1, -2, 2, -3, 3, -4, 4];

/**
 * @param {number} label
 * @returns {string}
 */
export function colorOf(label) {
  return label < 0 ? PLAIN : COLORS[label % COLORS.length];
}

/** The test images of a page. */
export class Points {
  /** @param {any} facts of the whole page */
  constructor(facts) {
    this.facts = facts;
    this.count = facts.points.count;
    /** @type {Uint8Array | null} */
    this.labels = null;
    /** @type {Float32Array[] | null} coordinate by coordinate */
    this.coordinates = null;
    /** @type {Map<string, Promise<Float32Array[]>>} */
    this.unpacked = new Map();
    /** @type {HTMLImageElement | null} */
    this.sheet = null;
    /** @type {Set<number>} */
    this.hidden = new Set();
    /** The place of each point on the plane, a and b in turn. */
    this.places = new Float32Array(2 * this.count);
  }

  /** @returns {Promise<void>} */
  async load() {
    const { points } = this.facts;
    if (document.getElementById("block-labels")) this.labels = await block("labels");
    if (points.sheet) {
      const image = new Image();
      image.src = points.sheet.data;
      await image.decode();
      this.sheet = image;
    }
  }

  /**
   * @param {number} epoch
   * @returns {Promise<boolean>} whether there are points at this epoch
   */
  async setEpoch(epoch) {
    const { ranges } = this.facts.points;
    const name = ranges[`points-${epoch}`] ? `points-${epoch}` : "points";
    if (!ranges[name]) {
      this.coordinates = null;
      return false;
    }
    if (!this.unpacked.has(name)) {
      this.unpacked.set(name, block(name).then((bytes) => coordinates(bytes, ranges[name])));
    }
    this.coordinates = (await this.unpacked.get(name)) ?? null;
    return true;
  }

  /**
   * Project the points onto a plane.
   * @param {import("./plane.js").Frame} frame
   * @returns {void}
   */
  project(frame) {
    if (!this.coordinates) return;
    this.places.fill(0);
    for (let axis = 0; axis < frame.d; axis++) {
      const [u, v, origin, x] = [frame.u[axis], frame.v[axis], frame.origin[axis], this.coordinates[axis]];
      if (u === 0 && v === 0) continue;
      for (let i = 0; i < this.count; i++) {
        this.places[2 * i] += u * (x[i] - origin);
        this.places[2 * i + 1] += v * (x[i] - origin);
      }
    }
  }

  /**
   * @param {number} i
   * @returns {number} -1 if there are no labels
   */
  label(i) {
    return this.labels ? this.labels[i] : -1;
  }

  /**
   * @param {number} label
   * @returns {string}
   */
  nameOf(label) {
    return label < 0 ? "" : (this.facts.labels[label] ?? String(label));
  }

  /** @returns {number[]} the labels that occur, ascending */
  get labelsThere() {
    return [...new Set(this.labels ?? [])].sort((p, q) => p - q);
  }

  /**
   * @param {number} i
   * @returns {boolean}
   */
  isShown(i) {
    return !this.hidden.has(this.label(i));
  }

  /**
   * The index of the nearest image in z.
   * @param {Float32Array} z
   * @returns {number} -1 if there is none
   */
  nearest(z) {
    if (!this.coordinates) return -1;
    let [best, least] = [-1, Infinity];
    for (let i = 0; i < this.count; i++) {
      let distance = 0;
      for (let axis = 0; axis < z.length; axis++) distance += (this.coordinates[axis][i] - z[axis]) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  /**
   * The index of the visible point that is nearest to a place of the plane, if it is near enough.
   * @param {number} a
   * @param {number} b
   * @param {number} within
   * @returns {number} -1 if there is none
   */
  at(a, b, within) {
    let [best, least] = [-1, within ** 2];
    for (let i = 0; this.coordinates && i < this.count; i++) {
      const distance = (this.places[2 * i] - a) ** 2 + (this.places[2 * i + 1] - b) ** 2;
      if (distance < least && this.isShown(i)) [best, least] = [i, distance];
    }
    return best;
  }

  /**
   * @param {number} i
   * @returns {Float32Array}
   */
  z(i) {
    return Float32Array.from(this.coordinates ?? [], (x) => x[i]);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./plane.js").View} view
   * @returns {void}
   */
  draw(context, view) {
    if (!this.coordinates) return;
    // Dim the pictures behind the points, so that the points stand out.
    context.fillStyle = "rgba(8, 10, 14, 0.3)";
    context.fillRect(0, 0, view.width, view.height);
    const radius = Math.max(1.4, Math.min(5, 1.6 * Math.sqrt(view.scale / 100)));
    const byLabel = this.labels ? this.labelsThere : [-1];
    for (const label of byLabel) {
      if (this.hidden.has(label)) continue;
      context.beginPath();
      for (let i = 0; i < this.count; i++) {
        if (this.label(i) !== label) continue;
        const [x, y] = view.toScreen(this.places[2 * i], this.places[2 * i + 1]);
        if (x < -9 || y < -9 || x > view.width + 9 || y > view.height + 9) continue;
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
      }
      context.fillStyle = colorOf(label);
      context.fill();
      context.lineWidth = 0.7;
      context.strokeStyle = "rgba(8, 10, 14, 0.75)";
      context.stroke();
    }
    /** @type {[number, number, number][]} */
    const taken = [];
    if (this.labels) for (const label of byLabel) this.drawLabel(context, view, label, taken);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./plane.js").View} view
   * @param {number} label
   * @param {[number, number, number][]} taken x, y and width of the captions drawn so far; this one is added
   * @returns {void}
   */
  drawLabel(context, view, label, taken) {
    if (this.hidden.has(label)) return;
    const [as, bs] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
    for (let i = 0; i < this.count; i++) {
      if (this.label(i) === label) {
        as.push(this.places[2 * i]);
        bs.push(this.places[2 * i + 1]);
      }
    }
    const middle = (/** @type {number[]} */ list) => list.sort((p, q) => p - q)[list.length >> 1];
    const [x, middleY] = view.toScreen(middle(as), middle(bs));
    const name = this.nameOf(label);
    const text = name.length > CAPTION_LETTERS ? `${name.slice(0, CAPTION_LETTERS - 1)}…` : name;
    context.font = "600 13px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const width = Math.max(22, context.measureText(text).width + 12);
    const isFree = (/** @type {number} */ at) =>
      taken.every(([x2, y2, width2]) => Math.abs(x2 - x) > (width + width2) / 2 || Math.abs(y2 - at) >= CAPTION_PX);
    // The caption is put in the middle of its points, or else a little above or below.
    const y = SHIFTS.map((shift) => middleY + shift * CAPTION_PX).find(isFree) ?? middleY;
    taken.push([x, y, width]);
    context.beginPath();
    context.roundRect(x - width / 2, y - 11, width, 22, 6);
    context.fillStyle = "rgba(14, 17, 22, 0.86)";
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = colorOf(label);
    context.stroke();
    context.fillStyle = colorOf(label);
    context.fillText(text, x, y + 0.5);
  }

  /**
   * Draw one small picture into a canvas.
   * @param {HTMLCanvasElement} canvas
   * @param {number} i
   * @returns {void}
   */
  drawThumbnail(canvas, i) {
    const { sheet } = this.facts.points;
    const context = canvas.getContext("2d");
    if (!context || !this.sheet) return;
    canvas.width = sheet.width;
    canvas.height = sheet.height;
    const [column, row] = [i % sheet.columns, Math.floor(i / sheet.columns)];
    context.drawImage(
      this.sheet, column * sheet.width, row * sheet.height, sheet.width, sheet.height, 0, 0, sheet.width, sheet.height,
    );
  }
}
