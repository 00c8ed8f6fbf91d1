/** @file The functions of elementwise steps, by the operators' ONNX names. */

/**
 * The error function, to 1.2e-7 (Numerical Recipes, 6.2.2).
 * @param {number} x
 * @returns {number}
 */
export function erf(x) {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  let p = 0.17087277;
  for (const c of [
    -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
  ]) {
    p = p * t + c;
  }
  const y = 1 - t * Math.exp(-x * x - 1.26551223 + t * p);
  return x < 0 ? -y : y;
}

const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));
const softplus = (/** @type {number} */ x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
/** Round half to even, as ONNX does. */
const round = (/** @type {number} */ x) => {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
};
const bool = (/** @type {unknown} */ x) => (x ? 1 : 0);

/** @type {Record<string, (x: number, p: number[]) => number>} */
export const MAPS = {
  Relu: (x) => Math.max(x, 0),
  LeakyRelu: (x, [a]) => (x < 0 ? a * x : x),
  ThresholdedRelu: (x, [a]) => (x > a ? x : 0),
  Elu: (x, [a]) => (x < 0 ? a * Math.expm1(x) : x),
  Celu: (x, [a]) => Math.max(0, x) + Math.min(0, a * Math.expm1(x / a)),
  Selu: (x, [a, g]) => (x > 0 ? g * x : g * a * Math.expm1(x)),
  Sigmoid: sigmoid,
  Swish: (x, [a]) => x * sigmoid(a * x),
  HardSigmoid: (x, [a, b]) => Math.max(0, Math.min(1, a * x + b)),
  HardSwish: (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
  Mish: (x) => x * Math.tanh(softplus(x)),
  Gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  GeluTanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  Tanh: (x) => Math.tanh(x),
  Softplus: softplus,
  Softsign: (x) => x / (1 + Math.abs(x)),
  Exp: (x) => Math.exp(x),
  Log: (x) => Math.log(x),
  Sqrt: (x) => Math.sqrt(x),
  Reciprocal: (x) => 1 / x,
  Neg: (x) => -x,
  Abs: (x) => Math.abs(x),
  Sin: (x) => Math.sin(x),
  Cos: (x) => Math.cos(x),
  Erf: erf,
  Floor: (x) => Math.floor(x),
  Ceil: (x) => Math.ceil(x),
  Round: round,
  Sign: (x) => Math.sign(x),
  Trunc: (x) => Math.trunc(x),
  Bool: bool,
  Not: (x) => (x ? 0 : 1),
  Clip: (x, [low, high]) => Math.min(Math.max(x, low), high),
};

/** @type {Record<string, (a: number, b: number) => number>} */
export const ZIPS = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Mod: (a, b) => a - b * Math.floor(a / b),
  PRelu: (a, b) => (a < 0 ? a * b : a),
  Min: (a, b) => Math.min(a, b),
  Max: (a, b) => Math.max(a, b),
  Equal: (a, b) => bool(a === b),
  Greater: (a, b) => bool(a > b),
  Less: (a, b) => bool(a < b),
  GreaterOrEqual: (a, b) => bool(a >= b),
  LessOrEqual: (a, b) => bool(a <= b),
  And: (a, b) => bool(a && b),
  Or: (a, b) => bool(a || b),
  Xor: (a, b) => bool(!a !== !b),
};

/**
 * The result of a Reduce… step for n numbers.
 * @param {string} f
 * @param {Float32Array} x
 * @param {number} from
 * @param {number} n
 * @returns {number}
 */
export function reduce(f, x, from, n) {
  let sum = f === "ReduceProd" ? 1 : 0;
  let most = -Infinity;
  let least = Infinity;
  for (let i = from; i < from + n; i++) {
    const v = x[i];
    if (v > most) most = v;
    if (v < least) least = v;
    if (f === "ReduceProd") sum *= v;
    else if (f === "ReduceL1") sum += Math.abs(v);
    else if (f === "ReduceL2" || f === "ReduceSumSquare") sum += v * v;
    else sum += v;
  }
  switch (f) {
    case "ReduceMean": return sum / n;
    case "ReduceMax": return most;
    case "ReduceMin": return least;
    case "ReduceL2": return Math.sqrt(sum);
    case "ReduceLogSum": return Math.log(sum);
    case "ReduceLogSumExp": {
      let total = 0;
      for (let i = from; i < from + n; i++) total += Math.exp(x[i] - most);
      return most + Math.log(total);
    }
    default: return sum;
  }
}
