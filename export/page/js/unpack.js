/** @file Reads the blocks of numbers that export/page/packing.py writes. */

import { bytesOf } from "./machine.js";
import { product } from "./shapes.js";

/** Arrays of at most this many numbers are always float32. */
const EXACT_COUNT = 64;

/**
 * The bytes of a block of the page.
 * @param {string} name
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function block(name) {
  const element = document.getElementById(`block-${name}`);
  if (!element) throw new Error(`found no block ${name} in this page, expected it; the file is damaged`);
  const stream = new Blob([bytesOf(element.textContent ?? "")])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Join the bytes of numbers: all lowest bytes come first, then all next bytes.
 * @param {Uint8Array} bytes
 * @param {number} width bytes of one number
 * @returns {Uint32Array}
 */
export function together(bytes, width) {
  const count = bytes.length / width;
  const result = new Uint32Array(count);
  for (let plane = 0; plane < width; plane++) {
    const from = plane * count;
    for (let i = 0; i < count; i++) result[i] |= bytes[from + i] << (8 * plane);
  }
  return result;
}

/** @type {Float32Array | null} */
let halves = null;

/**
 * A table of all float16 values, indexed by their bits.
 * @returns {Float32Array}
 */
function allHalves() {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let bits = 0; bits < 32768; bits++) {
    const exponent = bits >> 10;
    const part = bits & 1023;
    let value = exponent === 0 ? part * 2 ** -24 : (1 + part / 1024) * 2 ** (exponent - 15);
    if (exponent === 31) value = part ? Number.NaN : Infinity;
    halves[bits] = value;
    halves[bits + 32768] = -value;
  }
  return halves;
}

/**
 * The weights of one epoch.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {import("./runner.js").Program} program
 * @param {string} precision
 * @param {Uint32Array | null} after the ordered numbers of the next epoch, if the block holds differences to it
 * @returns {{arrays: Float32Array[], ordered: Uint32Array}}
 */
export function weights(bytes, program, precision, after) {
  const sizes = program.constants.map((number) => product(program.shapes[number]));
  const width = precision === "float16" ? 2 : 4;
  const exact = sizes.filter((size) => size <= EXACT_COUNT).reduce((all, size) => all + size, 0);
  const small = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4 * exact));
  const ordered = together(bytes.subarray(4 * exact), width);
  const [mask, sign] = width === 2 ? [0xffff, 0x8000] : [0xffffffff, 0x80000000];
  const bits = new Uint32Array(ordered.length);
  for (let i = 0; i < ordered.length; i++) {
    if (after) {
      const step = (ordered[i] >>> 1) ^ -(ordered[i] & 1);
      ordered[i] = (after[i] + step) & mask;
    }
    bits[i] = ordered[i] & sign ? ((-ordered[i] & mask) | sign) : ordered[i];
  }
  let floats;
  if (width === 2) {
    const table = allHalves();
    floats = Float32Array.from(bits, (half) => table[half]);
  } else {
    floats = new Float32Array(bits.buffer);
  }
  let [atSmall, atLarge] = [0, 0];
  const arrays = sizes.map((size) => {
    if (size <= EXACT_COUNT) {
      atSmall += size;
      return small.subarray(atSmall - size, atSmall);
    }
    atLarge += size;
    return floats.subarray(atLarge - size, atLarge);
  });
  return { arrays, ordered };
}

/**
 * Coordinates in 16 bits: one array for each dimension.
 * @param {Uint8Array} bytes
 * @param {number[][]} ranges
 * @returns {Float32Array[]}
 */
export function coordinates(bytes, ranges) {
  const steps = together(bytes, 2);
  const count = steps.length / ranges.length;
  return ranges.map(([low, high], axis) =>
    Float32Array.from({ length: count }, (_, i) => low + (steps[axis * count + i] / 65535) * (high - low)),
  );
}
