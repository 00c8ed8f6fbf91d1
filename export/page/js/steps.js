/** @file The steps of a program (export/page/program.py): each is prepared once and then run for every z. */

import { Machine } from "./machine.js";
import { MAPS, ZIPS, reduce } from "./numbers.js";

/**
 * @typedef {Float32Array} Floats
 * @typedef {{op: string, in: number[], out: number, [more: string]: any}} Step
 * @typedef {{shapes: number[][], constants: number[], steps: Step[], source: number, results: number[]}} Program
 * @typedef {{step: Step, x: Floats[], shapes: number[][], out: Floats, shape: number[],
 *   machine: Machine}} Place
 */

/**
 * @param {number[]} sides
 * @returns {number}
 */
export function product(sides) {
  return sides.reduce((all, side) => all * side, 1);
}

/**
 * How far one step along each axis goes in a row-major array; 0 along axes of one number.
 * @param {number[]} shape
 * @param {number} rank
 * @returns {number[]}
 */
function strides(shape, rank) {
  const result = new Array(rank).fill(0);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) result[axis + rank - shape.length] = step;
    step *= shape[axis];
  }
  return result;
}

/**
 * Where in the input each number of the result comes from.
 * @param {number[]} shape of the result
 * @param {(number[] | Int32Array)[]} offsets for each axis, the offset of each of its places; -1 for nowhere
 * @returns {Int32Array}
 */
function gathered(shape, offsets) {
  let places = new Int32Array(1);
  for (let axis = 0; axis < shape.length; axis++) {
    const next = new Int32Array(places.length * shape[axis]);
    let at = 0;
    for (const place of places) {
      for (const offset of offsets[axis]) next[at++] = place < 0 || offset < 0 ? -1 : place + offset;
    }
    places = next;
  }
  return places;
}

/**
 * @param {number} count
 * @param {number} step
 * @returns {number[]}
 */
const ramp = (count, step) => Array.from({ length: count }, (_, i) => i * step);

/**
 * For a broadcast input, where each number of the result reads: an index list, or null where it is the same.
 * @param {number[]} from
 * @param {number[]} to
 * @returns {Int32Array | null}
 */
function broadcasting(from, to) {
  if (product(from) === product(to)) return null;
  const steps = strides(from, to.length);
  return gathered(to, to.map((side, axis) => ramp(side, steps[axis])));
}

/**
 * Spread the windows of a convolution over columns: [channels · kernel, windows].
 * @param {Floats} x of one group: [channels, height, width]
 * @param {Floats} to
 * @param {number} channels
 * @param {{h: number, w: number, oh: number, ow: number, kernel: number[], strides: number[],
 *   dilations: number[], pads: number[]}} s
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
 * Add the columns of a transposed convolution to where they belong.
 * @param {Floats} from [channels · kernel, h · w]
 * @param {Floats} out [channels, oh, ow]
 * @param {number} channels
 * @param {{h: number, w: number, oh: number, ow: number, kernel: number[], strides: number[],
 *   dilations: number[], pads: number[]}} s
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
 * @param {Place} p
 * @returns {any}
 */
function window(p) {
  const [, , h, w] = p.shapes[0];
  const [, , oh, ow] = p.shape;
  return { ...p.step, h, w, oh, ow };
}

/** @type {Record<string, (p: Place) => () => void>} */
const STEPS = {
  conv(p) {
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
  },

  deconv(p) {
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
  },

  matmul(p) {
    const [count, rows, inner, columns] = p.step.size;
    const [a, b] = p.x;
    return () => {
      p.out.fill(0);
      for (let i = 0; i < count; i++) {
        p.machine.multiply(
          rows, inner, columns,
          a.subarray(i * rows * inner, (i + 1) * rows * inner),
          b.subarray(i * inner * columns, (i + 1) * inner * columns),
          p.out.subarray(i * rows * columns, (i + 1) * rows * columns),
        );
      }
    };
  },

  map(p) {
    const [x] = p.x;
    const { out } = p;
    // Loops of their own for what is in nearly every graph: a call for each number would take longer.
    if (p.step.f === "Relu") {
      return () => {
        for (let i = 0; i < out.length; i++) out[i] = Math.max(x[i], 0);
      };
    }
    if (p.step.f === "LeakyRelu") {
      const [a] = p.step.p;
      return () => {
        for (let i = 0; i < out.length; i++) out[i] = x[i] < 0 ? a * x[i] : x[i];
      };
    }
    const f = MAPS[p.step.f];
    return () => {
      for (let i = 0; i < out.length; i++) out[i] = f(x[i], p.step.p);
    };
  },

  zip(p) {
    const [a, b] = p.x;
    const { out } = p;
    const [ia, ib] = p.shapes.map((shape) => broadcasting(shape, p.shape));
    if (!ia && !ib && p.step.f === "Add") {
      return () => {
        for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i];
      };
    }
    if (!ia && !ib && p.step.f === "Mul") {
      return () => {
        for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i];
      };
    }
    const f = ZIPS[p.step.f];
    return () => {
      for (let i = 0; i < out.length; i++) out[i] = f(a[ia ? ia[i] : i], b[ib ? ib[i] : i]);
    };
  },

  where(p) {
    const [test, yes, no] = p.x;
    return () => {
      for (let i = 0; i < p.out.length; i++) p.out[i] = test[i] ? yes[i] : no[i];
    };
  },

  transpose(p) {
    const steps = strides(p.shapes[0], p.shape.length);
    /** @type {number[]} */
    const order = p.step.order;
    const places = gathered(p.shape, order.map((axis, to) => ramp(p.shape[to], steps[axis])));
    return () => {
      for (let i = 0; i < places.length; i++) p.out[i] = p.x[0][places[i]];
    };
  },

  pick(p) {
    const steps = strides(p.shapes[0], p.shape.length);
    /** @type {(number[] | null)[]} */
    const wanted = p.step.places;
    const offsets = wanted.map((list, axis) =>
      list ? list.map((place) => (place < 0 ? -1 : place * steps[axis])) : ramp(p.shape[axis], steps[axis]),
    );
    const places = gathered(p.shape, offsets);
    return () => {
      for (let i = 0; i < places.length; i++) p.out[i] = places[i] < 0 ? p.step.fill : p.x[0][places[i]];
    };
  },

  along(p) {
    const { axis, taps, places } = p.step;
    const [x, weights] = p.x;
    const inner = product(p.shape.slice(axis + 1));
    const [have, want] = [p.shapes[0][axis], p.shape[axis]];
    const outer = product(p.shape.slice(0, axis));
    return () => {
      p.out.fill(0);
      for (let o = 0; o < outer; o++) {
        for (let j = 0; j < want; j++) {
          const to = (o * want + j) * inner;
          for (let t = 0; t < taps; t++) {
            const from = (o * have + places[j * taps + t]) * inner;
            const weight = weights[j * taps + t];
            for (let i = 0; i < inner; i++) p.out[to + i] += weight * x[from + i];
          }
        }
      }
    };
  },

  concat(p) {
    const { axis } = p.step;
    const outer = product(p.shape.slice(0, axis));
    const lengths = p.shapes.map((shape) => product(shape.slice(axis)));
    return () => {
      let at = 0;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < lengths.length; i++) {
          p.out.set(p.x[i].subarray(o * lengths[i], (o + 1) * lengths[i]), at);
          at += lengths[i];
        }
      }
    };
  },

  reduce(p) {
    const { f, n } = p.step;
    return () => {
      for (let i = 0; i < p.out.length; i++) p.out[i] = reduce(f, p.x[0], i * n, n);
    };
  },

  softmax(p) {
    const { n, log } = p.step;
    const [x] = p.x;
    return () => {
      for (let from = 0; from < x.length; from += n) {
        let most = -Infinity;
        for (let i = from; i < from + n; i++) most = Math.max(most, x[i]);
        let sum = 0;
        for (let i = from; i < from + n; i++) sum += Math.exp(x[i] - most);
        for (let i = from; i < from + n; i++) {
          p.out[i] = log ? x[i] - most - Math.log(sum) : Math.exp(x[i] - most) / sum;
        }
      }
    };
  },

  norm(p) {
    const { n, center, epsilon } = p.step;
    const [x] = p.x;
    return () => {
      for (let from = 0; from < x.length; from += n) {
        let sum = 0;
        for (let i = from; center && i < from + n; i++) sum += x[i];
        const mean = sum / n;
        let squares = 0;
        for (let i = from; i < from + n; i++) squares += (x[i] - mean) ** 2;
        const scale = 1 / Math.sqrt(squares / n + epsilon);
        for (let i = from; i < from + n; i++) p.out[i] = (x[i] - mean) * scale;
      }
    };
  },

  pool(p) {
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
  },
};

/**
 * The most that a step needs for its columns.
 * @param {Program} program
 * @returns {number}
 */
function scratchSize(program) {
  let most = 0;
  for (const { op, in: [x, weight], out, kernel, group } of program.steps) {
    const window = op === "conv" || op === "deconv" ? product(kernel) / group : 0;
    const [, channels, h, w] = program.shapes[x];
    if (op === "conv") most = Math.max(most, channels * window * product(program.shapes[out].slice(2)));
    if (op === "deconv") most = Math.max(most, program.shapes[weight][1] * h * w);
  }
  return most;
}

/** A program that is ready to run. Its arrays lie in one memory, and are used again for every run. */
export class Runner {
  /** @param {Program} program */
  constructor(program) {
    const { shapes } = program;
    this.program = program;
    const scratch = scratchSize(program);
    const made = shapes.map((shape) => product(shape));
    this.machine = new Machine(made.reduce((all, size) => all + size, 0), scratch, made.length);
    /** @type {Floats[]} */
    this.values = new Array(shapes.length);
    for (const number of [...program.constants, program.source]) {
      this.values[number] = this.machine.array(product(shapes[number]));
    }
    /** @type {(() => void)[]} */
    this.runs = [];
    for (const step of program.steps) {
      if (step.op === "view") {
        this.values[step.out] = this.values[step.in[0]];
        continue;
      }
      this.values[step.out] = this.machine.array(product(shapes[step.out]));
      const x = step.in.map((number) => this.values[number]);
      const before = step.in.map((number) => shapes[number]);
      const [out, shape] = [this.values[step.out], shapes[step.out]];
      this.runs.push(STEPS[step.op]({ step, x, shapes: before, out, shape, machine: this.machine }));
    }
  }

  /**
   * Take other weights.
   * @param {Floats[]} constants in the order of the program's
   * @returns {void}
   */
  load(constants) {
    this.program.constants.forEach((number, index) => {
      this.values[number].set(constants[index]);
    });
  }

  /**
   * @param {ArrayLike<number>} input
   * @param {ArrayLike<number>} also what stands at the end of the input
   * @returns {Floats[]} the results, which the next run overwrites
   */
  run(input, also = []) {
    const source = this.values[this.program.source];
    source.set(input);
    source.set(also, source.length - also.length);
    for (const run of this.runs) run();
    return this.program.results.map((number) => this.values[number]);
  }
}
