/** @file Shapes of arrays, and where in one array the numbers of another come from. */

/**
 * @param {number[]} sides
 * @returns {number}
 */
export function product(sides) {
  return sides.reduce((all, side) => all * side, 1);
}

/**
 * The strides of a row-major array; 0 along axes of length 1.
 * @param {number[]} shape
 * @param {number} rank
 * @returns {number[]}
 */
export function strides(shape, rank) {
  const result = new Array(rank).fill(0);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) result[axis + rank - shape.length] = step;
    step *= shape[axis];
  }
  return result;
}

/**
 * The index in the input of each number of the result.
 * @param {number[]} shape of the result
 * @param {(number[] | Int32Array)[]} offsets for each axis, the offset of each of its places; -1 for nowhere
 * @returns {Int32Array}
 */
export function gathered(shape, offsets) {
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
export const ramp = (count, step) => Array.from({ length: count }, (_, i) => i * step);

/**
 * The index in a broadcast input of each number of the result, or null if the shapes are the same.
 * @param {number[]} from
 * @param {number[]} to
 * @returns {Int32Array | null}
 */
export function broadcasting(from, to) {
  if (product(from) === product(to)) return null;
  const steps = strides(from, to.length);
  return gathered(to, to.map((side, axis) => ramp(side, steps[axis])));
}
