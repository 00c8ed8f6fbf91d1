/** @file Steps that slide a window over maps: convolutions, transposed convolutions and pooling. */

import { product } from "./shapes.js";

/**
 * @typedef {import("./steps.js").Floats} Floats
 * @typedef {import("./steps.js").Place} Place
 * @typedef {{h: number, w: number, oh: number, ow: number, kernel: number[], strides: number[],
 *   dilations: number[], pads: number[]}} Windows
 */

/**
 * Spread the windows of a convolution over columns: [channels · kernel, windows].
 * @param {Floats} x of one group: [channels, height, width]
 * @param {Floats} to
 * @param {number} channels
 * @param {Windows} s
 * @returns {void}
 */
function unfold(x, to, channels, s) {
  const [kh, kw] = s.kernel;
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const plane = c * s.h * s.w;
    for (let ky = 0; ky < kh; ky++) {
      for (let kx = 0; kx < kw; kx++) {
        const left = kx * s.dilations[1] - s.pads[1];
        for (let oy = 0; oy < s.oh; oy++) {
          const y = oy * s.strides[0] + ky * s.dilations[0] - s.pads[0];
          if (y < 0 || y >= s.h) {
            to.fill(0, at, at + s.ow);
            at += s.ow;
            continue;
          }
          const row = plane + y * s.w;
          for (let ox = 0, xx = left; ox < s.ow; ox++, xx += s.strides[1]) {
            to[at++] = xx < 0 || xx >= s.w ? 0 : x[row + xx];
          }
        }
      }
    }
  }
}

/**
 * Add the columns of a transposed convolution at their places in the result.
 * @param {Floats} from [channels · kernel, h · w]
 * @param {Floats} out [channels, oh, ow]
 * @param {number} channels
 * @param {Windows} s
 * @returns {void}
 */
function fold(from, out, channels, s) {
  const [kh, kw] = s.kernel;
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const plane = c * s.oh * s.ow;
    for (let ky = 0; ky < kh; ky++) {
      for (let kx = 0; kx < kw; kx++) {
        for (let y = 0; y < s.h; y++) {
          const oy = y * s.strides[0] + ky * s.dilations[0] - s.pads[0];
          if (oy < 0 || oy >= s.oh) {
            at += s.w;
            continue;
          }
          const row = plane + oy * s.ow;
          let ox = kx * s.dilations[1] - s.pads[1];
          for (let x = 0; x < s.w; x++, at++, ox += s.strides[1]) {
            if (ox >= 0 && ox < s.ow) out[row + ox] += from[at];
          }
        }
      }
    }
  }
}

/**
 * Fill each channel with its bias, or with 0.
 * @param {Floats} out
 * @param {Floats | undefined} bias
 * @param {number} channels
 * @returns {void}
 */
function startWith(out, bias, channels) {
  if (bias === undefined) {
    out.fill(0);
    return;
  }
  const each = out.length / channels;
  for (let c = 0; c < channels; c++) out.fill(bias[c], c * each, (c + 1) * each);
}

/**
 * The step's settings, with the sizes of its maps.
 * @param {Place} p
 * @returns {any}
 */
function window(p) {
  const [, , h, w] = p.shapes[0];
  const [, , oh, ow] = p.shape;
  return { ...p.step, h, w, oh, ow };
}

/**
 * A convolution: for each group one matrix product, of the weights and the columns of `unfold`.
 * @param {Place} p
 * @returns {() => void}
 */
export function conv(p) {
  const s = window(p);
  const { group } = p.step;
  const [x, weight, bias] = p.x;
  const [n, channels] = p.shapes[0];
  const outs = p.shape[1];
  const [each, outEach, windows] = [channels / group, outs / group, s.oh * s.ow];
  const inner = each * product(s.kernel);
  const plain =
    inner === each && s.strides.every((/** @type {number} */ v) => v === 1) && windows === s.h * s.w &&
    s.pads.every((/** @type {number} */ v) => v === 0);
  const columns = plain ? null : p.machine.scratch(inner * windows);
  return () => {
    for (let b = 0; b < n; b++) {
      startWith(p.out.subarray(b * outs * windows, (b + 1) * outs * windows), bias, outs);
      for (let g = 0; g < group; g++) {
        const from = (b * channels + g * each) * s.h * s.w;
        const input = x.subarray(from, from + each * s.h * s.w);
        if (columns) unfold(input, columns, each, s);
        const to = (b * outs + g * outEach) * windows;
        p.machine.multiply(
          outEach, inner, windows,
          weight.subarray(g * outEach * inner, (g + 1) * outEach * inner),
          columns ?? input,
          p.out.subarray(to, to + outEach * windows),
        );
      }
    }
  };
}

/**
 * A transposed convolution: for each group one matrix product, whose columns `fold` adds to the result.
 * @param {Place} p
 * @returns {() => void}
 */
export function deconv(p) {
  const s = window(p);
  const { group } = p.step;
  const [x, weight, bias] = p.x;
  const [n, channels] = p.shapes[0];
  const outs = p.shape[1];
  const [each, outEach, pixels, outPixels] = [channels / group, outs / group, s.h * s.w, s.oh * s.ow];
  const rows = outEach * product(s.kernel);
  const columns = p.machine.scratch(rows * pixels);
  return () => {
    for (let b = 0; b < n; b++) {
      startWith(p.out.subarray(b * outs * outPixels, (b + 1) * outs * outPixels), bias, outs);
      for (let g = 0; g < group; g++) {
        const from = (b * channels + g * each) * pixels;
        columns.fill(0);
        p.machine.multiply(
          rows, each, pixels, weight.subarray(g * rows * each, (g + 1) * rows * each),
          x.subarray(from, from + each * pixels), columns,
        );
        const to = (b * outs + g * outEach) * outPixels;
        fold(columns, p.out.subarray(to, to + outEach * outPixels), outEach, s);
      }
    }
  };
}

/**
 * The largest number in each window, or the mean.
 * @param {Place} p
 * @returns {() => void}
 */
export function pool(p) {
  const s = window(p);
  const [x] = p.x;
  const planes = p.shape[0] * p.shape[1];
  const [kh, kw] = s.kernel;
  return () => {
    let at = 0;
    for (let plane = 0; plane < planes; plane++) {
      for (let oy = 0; oy < s.oh; oy++) {
        for (let ox = 0; ox < s.ow; ox++) {
          let sum = 0;
          let most = -Infinity;
          let count = 0;
          for (let ky = 0; ky < kh; ky++) {
            const y = oy * s.strides[0] + ky * s.dilations[0] - s.pads[0];
            if (y < 0 || y >= s.h) continue;
            for (let kx = 0; kx < kw; kx++) {
              const xx = ox * s.strides[1] + kx * s.dilations[1] - s.pads[1];
              if (xx < 0 || xx >= s.w) continue;
              const v = x[(plane * s.h + y) * s.w + xx];
              sum += v;
              if (v > most) most = v;
              count++;
            }
          }
          p.out[at++] = s.max ? most : sum / (s.whole ? kh * kw : count);
        }
      }
    }
  };
}

/**
 * The most floats that a convolution of the program needs for its columns.
 * @param {import("./runner.js").Program} program
 * @returns {number}
 */
export function scratchSize(program) {
  let most = 0;
  for (const { op, in: [x, weight], out, kernel, group } of program.steps) {
    const window = op === "conv" || op === "deconv" ? product(kernel) / group : 0;
    const [, channels, h, w] = program.shapes[x];
    if (op === "conv") most = Math.max(most, channels * window * product(program.shapes[out].slice(2)));
    if (op === "deconv") most = Math.max(most, program.shapes[weight][1] * h * w);
  }
  return most;
}
