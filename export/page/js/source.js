/** @file The sources of pictures: a decoder in workers, or an atlas that was decoded beforehand. */

import { heaviest, weighed } from "./blend.js";
import { Remote } from "./remote.js";
import { block, weights } from "./unpack.js";

/**
 * @typedef {{a: number, b: number, z: Float32Array}} Place a place on the plane
 * @typedef {Uint8ClampedArray<ArrayBuffer>} Pixels red, green, blue, alpha
 * @typedef {number | [number, number][]} Value a number or a class, or several classes with their weights
 * @typedef {{name: string, value: number, count?: number, switch?: boolean, whole?: boolean, low?: number, high?: number}}
 *   Setting an input that can be set: a class of so many, of which a switch has two, or a number, with the ends of its
 *   slider; of one that is whole there is nothing between two values
 */

/**
 * The decoder's other inputs as one array: a one-hot vector for each class, or the weights of a mix, and each number.
 * @param {Setting[]} settings
 * @param {Value[]} values one for each
 * @returns {Float32Array<ArrayBuffer>}
 */
export function packed(settings, values) {
  return Float32Array.from(
    settings.flatMap(({ count }, i) => {
      if (count === undefined) return [heaviest(values[i])];
      const row = new Array(count).fill(0);
      for (const [n, weight] of weighed(values[i])) row[n] = weight;
      return row;
    }),
  );
}

/** A picture with at most so many multiply-adds, a few milliseconds, is decoded in the page and not in a worker. */
const MOST_WORK_HERE = 12e6;
/** The plane's pictures wait while the pointer moves, but not longer than this. */
const MOST_WAIT_MS = 400;
const STILL_MS = 60;

/**
 * @param {number} ms
 * @returns {Promise<void>}
 */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A decoder that runs in the page. The picture under the pointer is decoded before those of the plane. */
export class LiveSource {
  /** @param {any} facts */
  constructor(facts) {
    this.facts = facts;
    this.width = facts.image.width;
    this.height = facts.image.height;
    const setup = {
      program: facts.program, encoder: facts.encoder ?? null, image: facts.image, latentDim: facts.latentDim,
    };
    this.first = new Remote(setup, facts.work <= MOST_WORK_HERE);
    this.lastAsked = 0;
    const count = Math.max(1, Math.min(3, (navigator.hardwareConcurrency || 2) - 1));
    /** The plane's workers; they start after the first picture. */
    this.others = /** @type {Remote[]} */ ([]);
    this.start = () => {
      if (!this.others.length) this.others = Array.from({ length: count }, () => new Remote({ ...setup, encoder: null }, false));
    };
    /** The decoder's other inputs. */
    this.inputs = new Float32Array(0);
    this.pictureMs = 5;
    /** @type {number[] | null} the part of the plane that can be shown; null for all of it */
    this.limits = null;
    /** @type {Map<number, Promise<{arrays: Float32Array[], ordered: Uint32Array}>>} */
    this.unpacked = new Map();
    /** @type {WeakMap<Remote, Map<number, Promise<any>>>} */
    this.sent = new WeakMap();
    /** @type {Promise<any> | null} */
    this.encoderReady = null;
  }

  /** @returns {number} how many batches can be decoded at once */
  get lanes() {
    return this.others.length;
  }

  /**
   * @param {number} epoch
   * @returns {Promise<{arrays: Float32Array[], ordered: Uint32Array}>}
   */
  weightsOf(epoch) {
    let found = this.unpacked.get(epoch);
    if (!found) {
      const { epochs, program, precision } = this.facts;
      const index = epochs.findIndex((/** @type {any} */ e) => e.epoch === epoch);
      const later = epochs[index + 1];
      const name = epochs.length ? `weights-${epoch}` : "weights";
      found = (async () => {
        const after = later ? (await this.weightsOf(later.epoch)).ordered : null;
        return weights(await block(name), program, precision, after);
      })();
      this.unpacked.set(epoch, found);
    }
    return found;
  }

  /**
   * @param {Remote} remote
   * @param {number} epoch
   * @returns {Promise<any>}
   */
  prepared(remote, epoch) {
    const sent = this.sent.get(remote) ?? new Map();
    this.sent.set(remote, sent);
    if (!sent.has(epoch)) {
      sent.set(epoch, this.weightsOf(epoch).then(({ arrays }) => remote.ask({ kind: "weights", epoch, arrays })));
    }
    return sent.get(epoch);
  }

  /**
   * @param {number} epoch
   * @param {Place} place
   * @param {Float32Array} inputs the decoder's other inputs
   * @returns {Promise<{pixels: Pixels, ms: number}>}
   */
  async picture(epoch, place, inputs = this.inputs) {
    this.lastAsked = performance.now();
    await this.prepared(this.first, epoch);
    return this.first.ask({ kind: "decode", epoch, z: place.z, inputs });
  }

  /**
   * @param {number} epoch
   * @param {Place[]} places
   * @param {number} lane
   * @returns {Promise<Pixels>} one after the other
   */
  async pictures(epoch, places, lane) {
    const { inputs } = this;
    const remote = this.others[lane];
    await this.prepared(remote, epoch);
    const since = performance.now();
    while (performance.now() - this.lastAsked < STILL_MS && performance.now() - since < MOST_WAIT_MS) await pause(20);
    const d = this.facts.latentDim;
    const z = new Float32Array(places.length * d);
    places.forEach((place, i) => {
      z.set(place.z, i * d);
    });
    const { pixels, ms } = await remote.ask({ kind: "decode", epoch, z, inputs });
    this.pictureMs = 0.7 * this.pictureMs + (0.3 * ms) / places.length;
    return pixels;
  }

  /**
   * @param {Setting[]} settings
   * @param {Value[]} values one for each
   * @returns {void}
   */
  setInputs(settings, values) {
    this.inputs = packed(settings, values);
  }

  /** @returns {number} how many pictures make a short piece of work */
  get batch() {
    return Math.max(1, Math.min(32, Math.round(16 / this.pictureMs)));
  }

  /**
   * @param {Float32Array} x
   * @returns {Promise<{mean: Float32Array, logvar: Float32Array}>}
   */
  async encode(x) {
    const { encoder, encoderPrecision } = this.facts;
    this.encoderReady ??= block("encoder").then((bytes) =>
      this.first.ask({ kind: "encoder", arrays: weights(bytes, encoder, encoderPrecision, null).arrays }),
    );
    await this.encoderReady;
    return this.first.ask({ kind: "encode", x });
  }

  /** @returns {Promise<string>} how pictures are made, for people */
  async words() {
    return `decoded here, by ${await this.first.kind}`;
  }
}

/** Pictures that were decoded beforehand; a place between them shows a blend of its four neighbours. */
export class AtlasSource {
  /** @param {any} facts */
  constructor(facts) {
    this.atlas = facts.atlas;
    this.width = facts.atlas.width;
    this.height = facts.atlas.height;
    this.limits = /** @type {number[] | null} */ (facts.atlas.view);
    this.lanes = 1;
    this.batch = 32;
    this.start = () => {};
    this.setInputs = () => {};
    this.canvas = document.createElement("canvas");
    this.canvas.width = this.width;
    this.canvas.height = this.height;
    this.context = /** @type {CanvasRenderingContext2D} */ (
      this.canvas.getContext("2d", { willReadFrequently: true })
    );
    const image = new Image();
    image.src = facts.atlas.data;
    this.loaded = image.decode().then(() => image);
  }

  /**
   * @param {HTMLImageElement} image
   * @param {Place} place
   * @returns {Pixels}
   */
  blended(image, { a, b }) {
    const { columns, rows, view, width, height } = this.atlas;
    const [left, bottom, right, top] = view;
    const x = Math.max(0, Math.min(columns - 1, ((a - left) / (right - left)) * (columns - 1)));
    const y = rows > 1 ? Math.max(0, Math.min(rows - 1, ((top - b) / (top - bottom)) * (rows - 1))) : 0;
    const { context } = this;
    context.globalCompositeOperation = "source-over";
    context.clearRect(0, 0, width, height);
    context.globalCompositeOperation = "lighter";
    for (const [i, p] of [[Math.floor(x), 1 - (x % 1)], [Math.floor(x) + 1, x % 1]]) {
      for (const [j, q] of [[Math.floor(y), 1 - (y % 1)], [Math.floor(y) + 1, y % 1]]) {
        context.globalAlpha = p * q;
        if (p * q > 0) context.drawImage(image, i * width, j * height, width, height, 0, 0, width, height);
      }
    }
    context.globalAlpha = 1;
    return /** @type {Pixels} */ (context.getImageData(0, 0, width, height).data);
  }

  /**
   * @param {number} _epoch
   * @param {Place} place
   * @param {Float32Array} [_inputs]
   * @returns {Promise<{pixels: Pixels, ms: number}>}
   */
  async picture(_epoch, place, _inputs) {
    const image = await this.loaded;
    const started = performance.now();
    return { pixels: this.blended(image, place), ms: performance.now() - started };
  }

  /**
   * @param {number} _epoch
   * @param {Place[]} places
   * @param {number} _lane
   * @returns {Promise<Pixels>}
   */
  async pictures(_epoch, places, _lane) {
    const image = await this.loaded;
    const bytes = 4 * this.width * this.height;
    const all = new Uint8ClampedArray(places.length * bytes);
    places.forEach((place, i) => {
      all.set(this.blended(image, place), i * bytes);
    });
    return all;
  }

  /**
   * @param {Float32Array} _x
   * @returns {Promise<{mean: Float32Array, logvar: Float32Array}>}
   */
  encode(_x) {
    return Promise.reject(new Error("this page has pictures that were decoded beforehand, and no encoder"));
  }

  /** @returns {Promise<string>} how pictures are made, for people */
  async words() {
    const { columns, rows } = this.atlas;
    return `decoded beforehand: ${columns} × ${rows} pictures, blended between neighbours`;
  }
}
