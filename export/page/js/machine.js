/** @file The memory that a program runs in, and its matrix product, by WebAssembly if the browser has it. */

import { multiply } from "./multiply.js";
import { MULTIPLY } from "./multiply_wasm.js";

const PAGE_BYTES = 65536;

/**
 * @param {string} base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Memory for a fixed number of floats. */
export class Machine {
  /**
   * @param {number} floats total number of floats of all arrays
   * @param {number} scratch number of floats that steps share
   * @param {number} arrays number of arrays
   */
  constructor(floats, scratch, arrays) {
    this.used = 0;
    const bytes = 4 * (floats + scratch + 4 * (arrays + 1));
    /** @type {((r: number, k: number, c: number, a: number, b: number, out: number) => void) | null} */
    this.fast = null;
    this.buffer = /** @type {ArrayBuffer | null} */ (null);
    try {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
      const module = new WebAssembly.Module(bytesOf(MULTIPLY));
      const { exports } = new WebAssembly.Instance(module, { page: { memory } });
      this.fast = /** @type {any} */ (exports).multiply;
      this.buffer = memory.buffer;
    } catch {
      // No WebAssembly, or none with SIMD: JavaScript computes the same.
      this.fast = null;
    }
    this.buffer ??= new ArrayBuffer(bytes);
    this.shared = this.array(scratch);
  }

  /** @returns {string} what runs the program, for people */
  get kind() {
    return this.fast ? "WebAssembly" : "JavaScript";
  }

  /**
   * @param {number} count
   * @returns {Float32Array}
   */
  array(count) {
    const result = new Float32Array(/** @type {ArrayBuffer} */ (this.buffer), this.used, count);
    this.used += 16 * Math.ceil(count / 4);
    return result;
  }

  /**
   * An array in the memory that all steps share.
   * @param {number} count
   * @returns {Float32Array}
   */
  scratch(count) {
    return this.shared.subarray(0, count);
  }

  /**
   * C += A B, as in multiply.js.
   * @param {number} rows
   * @param {number} inner
   * @param {number} columns
   * @param {Float32Array} a
   * @param {Float32Array} b
   * @param {Float32Array} c
   * @returns {void}
   */
  multiply(rows, inner, columns, a, b, c) {
    if (this.fast) this.fast(rows, inner, columns, a.byteOffset, b.byteOffset, c.byteOffset);
    else multiply(rows, inner, columns, a, b, c);
  }
}
