/** @file The steps of a program: each is a function that prepares the step and returns what runs it. */

import { MAPS, ZIPS, reduce } from "./numbers.js";
import { broadcasting, gathered, product, ramp, strides } from "./shapes.js";
import { conv, deconv, pool } from "./windows.js";

/**
 * @typedef {Float32Array} Floats
 * @typedef {{op: string, in: number[], out: number, [more: string]: any}} Step
 * @typedef {{step: Step, x: Floats[], shapes: number[][], out: Floats, shape: number[],
 *   machine: import("./machine.js").Machine}} Place
 */

/** @type {Record<string, (p: Place) => () => void>} */
export const STEPS = {
  conv,
  deconv,
  pool,

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
    // The most frequent functions have loops of their own: a call for each number would take longer.
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
};
