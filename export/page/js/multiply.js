/** @file Matrix products over flat arrays, which take nearly all of a picture's time. */

/**
 * C += A B, with A [rows, inner], B [inner, columns] and C [rows, columns], each row by row.
 * Four rows and four columns at a time stay in local variables, which the browser keeps in registers.
 * @param {number} rows
 * @param {number} inner
 * @param {number} columns
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {Float32Array} c
 * @returns {void}
 */
export function multiply(rows, inner, columns, a, b, c) {
  const wholeRows = rows - (rows % 4);
  const wholeColumns = columns - (columns % 4);
  for (let j = 0; j < wholeColumns; j += 4) {
    for (let i = 0; i < wholeRows; i += 4) {
      const a0 = i * inner;
      const a1 = a0 + inner;
      const a2 = a1 + inner;
      const a3 = a2 + inner;
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0;
      let s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      let s20 = 0, s21 = 0, s22 = 0, s23 = 0;
      let s30 = 0, s31 = 0, s32 = 0, s33 = 0;
      let at = j;
      for (let k = 0; k < inner; k++) {
        const b0 = b[at], b1 = b[at + 1], b2 = b[at + 2], b3 = b[at + 3];
        at += columns;
        const x0 = a[a0 + k], x1 = a[a1 + k], x2 = a[a2 + k], x3 = a[a3 + k];
        s00 += x0 * b0; s01 += x0 * b1; s02 += x0 * b2; s03 += x0 * b3;
        s10 += x1 * b0; s11 += x1 * b1; s12 += x1 * b2; s13 += x1 * b3;
        s20 += x2 * b0; s21 += x2 * b1; s22 += x2 * b2; s23 += x2 * b3;
        s30 += x3 * b0; s31 += x3 * b1; s32 += x3 * b2; s33 += x3 * b3;
      }
      let to = i * columns + j;
      c[to] += s00; c[to + 1] += s01; c[to + 2] += s02; c[to + 3] += s03;
      to += columns;
      c[to] += s10; c[to + 1] += s11; c[to + 2] += s12; c[to + 3] += s13;
      to += columns;
      c[to] += s20; c[to + 1] += s21; c[to + 2] += s22; c[to + 3] += s23;
      to += columns;
      c[to] += s30; c[to + 1] += s31; c[to + 2] += s32; c[to + 3] += s33;
    }
    rest(wholeRows, rows, j, j + 4, inner, columns, a, b, c);
  }
  rest(0, rows, wholeColumns, columns, inner, columns, a, b, c);
}

/**
 * The same for a few rows or columns that are left, one row at a time so that B is read in order.
 * @param {number} rowFrom
 * @param {number} rowTo
 * @param {number} from
 * @param {number} to
 * @param {number} inner
 * @param {number} columns
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {Float32Array} c
 * @returns {void}
 */
function rest(rowFrom, rowTo, from, to, inner, columns, a, b, c) {
  for (let i = rowFrom; i < rowTo; i++) {
    for (let j = from; j < to; j++) {
      let sum = 0;
      for (let k = 0, at = j; k < inner; k++, at += columns) sum += a[i * inner + k] * b[at];
      c[i * columns + j] += sum;
    }
  }
}
