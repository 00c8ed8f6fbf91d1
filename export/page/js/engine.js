/** @file Decodes and encodes, in a worker, or in the page itself if it has no workers. */

import { Runner } from "./runner.js";

/**
 * @typedef {{program: import("./runner.js").Program, encoder: import("./runner.js").Program | null,
 *   image: {channels: number, height: number, width: number}, latentDim: number}} Setup
 */

/**
 * A picture [C, H, W] in [0, 1] as bytes of red, green, blue and alpha.
 * @param {ArrayLike<number>} x
 * @param {number} channels
 * @param {Uint8ClampedArray} to
 * @param {number} at
 * @returns {void}
 */
export function toRgba(x, channels, to, at) {
  const pixels = x.length / channels;
  const [green, blue] = channels >= 3 ? [pixels, 2 * pixels] : [0, 0];
  for (let i = 0; i < pixels; i++, at += 4) {
    to[at] = 255 * x[i];
    to[at + 1] = 255 * x[green + i];
    to[at + 2] = 255 * x[blue + i];
    to[at + 3] = channels === 4 ? 255 * x[3 * pixels + i] : 255;
  }
}

/** A decoder with the weights of its epochs, and an encoder. */
export class Engine {
  /** @param {Setup} setup */
  constructor(setup) {
    this.setup = setup;
    this.decoder = new Runner(setup.program);
    this.encoder = setup.encoder ? new Runner(setup.encoder) : null;
    /** @type {Map<number, Float32Array[]>} */
    this.epochs = new Map();
    /** @type {number | null} */
    this.loaded = null;
  }

  /** @returns {string} what runs the program, for people */
  get kind() {
    return this.decoder.machine.kind;
  }

  /**
   * @param {number} epoch
   * @param {Float32Array[]} arrays
   * @returns {void}
   */
  setWeights(epoch, arrays) {
    this.epochs.set(epoch, arrays);
  }

  /**
   * @param {Float32Array[]} arrays
   * @returns {void}
   */
  setEncoder(arrays) {
    this.encoder?.load(arrays);
  }

  /**
   * The decoder's output for one z.
   * @param {number} epoch
   * @param {ArrayLike<number>} z
   * @param {ArrayLike<number>} inputs the decoder's other inputs
   * @returns {Float32Array} overwritten by the next call
   */
  decoded(epoch, z, inputs) {
    if (this.loaded !== epoch) {
      const arrays = this.epochs.get(epoch);
      if (!arrays) throw new Error(`found no weights of epoch ${epoch}`);
      this.decoder.load(arrays);
      this.loaded = epoch;
    }
    return this.decoder.run(z, inputs)[0];
  }

  /**
   * Pictures one after the other, as bytes of red, green, blue and alpha.
   * @param {number} epoch
   * @param {Float32Array} z one after the other
   * @param {ArrayLike<number>} inputs the decoder's other inputs
   * @returns {Uint8ClampedArray<ArrayBuffer>}
   */
  decode(epoch, z, inputs) {
    const { latentDim, image } = this.setup;
    const count = z.length / latentDim;
    const bytes = 4 * image.height * image.width;
    const to = new Uint8ClampedArray(count * bytes);
    for (let i = 0; i < count; i++) {
      const x = this.decoded(epoch, z.subarray(i * latentDim, (i + 1) * latentDim), inputs);
      toRgba(x, image.channels, to, i * bytes);
    }
    return to;
  }

  /**
   * @param {Float32Array} x
   * @returns {{mean: Float32Array, logvar: Float32Array}}
   */
  encode(x) {
    if (!this.encoder) throw new Error("found no encoder in this page");
    const [mean, logvar] = this.encoder.run(x).map((result) => result.slice());
    return { mean, logvar };
  }
}

/**
 * Answer one message of the page.
 * @param {Engine | null} engine
 * @param {{kind: string, [more: string]: any}} message
 * @returns {{engine: Engine, answer: any, transfer: Transferable[]}}
 */
export function answerTo(engine, message) {
  if (message.kind === "setup") {
    const made = new Engine(message.setup);
    return { engine: made, answer: made.kind, transfer: [] };
  }
  if (!engine) throw new Error("found a message before the set-up");
  switch (message.kind) {
    case "weights":
      engine.setWeights(message.epoch, message.arrays);
      return { engine, answer: null, transfer: [] };
    case "encoder":
      engine.setEncoder(message.arrays);
      return { engine, answer: null, transfer: [] };
    case "decode": {
      const started = performance.now();
      const pixels = engine.decode(message.epoch, message.z, message.inputs ?? []);
      return { engine, answer: { pixels, ms: performance.now() - started }, transfer: [pixels.buffer] };
    }
    case "numbers":
      return { engine, answer: engine.decoded(message.epoch, message.z, message.inputs ?? []).slice(), transfer: [] };
    default:
      return { engine, answer: engine.encode(message.x), transfer: [] };
  }
}
