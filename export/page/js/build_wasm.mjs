// Writes multiply_wasm.js: `npm run wasm`. In browsers without WebAssembly's SIMD, the page runs multiply.js instead.
//
// multiply(rows, inner, columns, a, b, c): C += A B, as in multiply.js; a, b and c are byte addresses in memory.
// Tiles of 4 × 8, then 4 × 4, 1 × 4 and 1 × 1 numbers stay in registers while `k` runs over `inner`.
import { writeFileSync } from "node:fs";
import wabtModule from "wabt";

const get = (name) => `(local.get $${name})`;
const set = (name, value) => `(local.set $${name} ${value})`;
const add = (a, b) => `(i32.add ${a} ${b})`;
const i32 = (value) => `(i32.const ${value})`;
const range = (count) => [...Array(count).keys()];

/** Code that runs `body` while the local `name` plus `step` is at most `end`. */
const loop = (label, name, step, end, body) => `
  (block $${label}_end (loop $${label}
    (br_if $${label}_end (i32.gt_u ${add(get(name), i32(step))} ${get(end)}))
    ${body}
    ${set(name, add(get(name), i32(step)))}
    (br $${label})))`;

/** One tile of `height` rows by `width` columns at row i and column j. */
function tile(height, width) {
  const scalar = width === 1;
  const vectors = scalar ? 1 : width / 4;
  const [load, zero, times, plus, store] = scalar
    ? ["f32.load", "(f32.const 0)", "f32.mul", "f32.add", "f32.store"]
    : ["v128.load", "(v128.const f32x4 0 0 0 0)", "f32x4.mul", "f32x4.add", "v128.store"];
  const sum = (i, v) => `${scalar ? "s" : "v"}${i}${v}`;
  const factor = scalar ? "f32.load" : "v128.load32_splat";
  const cells = range(height).flatMap((i) => range(vectors).map((v) => [i, v]));
  const column = scalar ? ["b_s"] : ["b_0", "b_1"];
  const part = scalar ? "x_s" : "x_v";
  return `
    ${cells.map(([i, v]) => set(sum(i, v), zero)).join("\n    ")}
    ${range(height).map((i) => set(`a${i}`, add(get("a"), `(i32.mul ${add(get("i"), i32(i))} ${get("inner4")})`))).join("\n    ")}
    ${set("at", add(get("b"), `(i32.shl ${get("j")} ${i32(2)})`))}
    ${set("k", i32(0))}
    ${loop(`k${height}_${width}`, "k", 1, "inner", `
      ${range(vectors).map((v) => set(column[v], `(${load} offset=${16 * v} ${get("at")})`)).join("\n      ")}
      ${range(height).map((i) => `
        ${set(part, `(${factor} ${get(`a${i}`)})`)}
        ${range(vectors).map((v) => set(sum(i, v), `(${plus} ${get(sum(i, v))} (${times} ${get(part)} ${get(column[v])}))`)).join("\n        ")}
        ${set(`a${i}`, add(get(`a${i}`), i32(4)))}`).join("")}
      ${set("at", add(get("at"), get("columns4")))}`)}
    ${set("to", add(get("c"), add(`(i32.mul ${get("i")} ${get("columns4")})`, `(i32.shl ${get("j")} ${i32(2)})`)))}
    ${range(height).map((i) => `
      ${range(vectors).map((v) => `(${store} offset=${16 * v} ${get("to")} (${plus} ${get(sum(i, v))} (${load} offset=${16 * v} ${get("to")})))`).join("\n      ")}
      ${set("to", add(get("to"), get("columns4")))}`).join("")}`;
}

const band = (height) => `
  ${set("j", i32(0))}
  ${height > 1 ? loop(`j${height}_8`, "j", 8, "columns", tile(height, 8)) : ""}
  ${loop(`j${height}_4`, "j", 4, "columns", tile(height, 4))}
  ${loop(`j${height}_1`, "j", 1, "columns", tile(height, 1))}`;

const declare = (names, type) => names.map((name) => `(local $${name} ${type})`).join(" ");
const wat = `(module
  (import "page" "memory" (memory 1))
  (func (export "multiply") (param $rows i32) (param $inner i32) (param $columns i32)
    (param $a i32) (param $b i32) (param $c i32)
    ${declare(["i", "j", "k", "at", "to", "inner4", "columns4", "a0", "a1", "a2", "a3"], "i32")}
    ${declare(["b_0", "b_1", "x_v", ...range(4).flatMap((i) => [`v${i}0`, `v${i}1`])], "v128")}
    ${declare(["b_s", "x_s", "s00", "s10", "s20", "s30"], "f32")}
    ${set("inner4", `(i32.shl ${get("inner")} ${i32(2)})`)}
    ${set("columns4", `(i32.shl ${get("columns")} ${i32(2)})`)}
    ${loop("i4", "i", 4, "rows", band(4))}
    ${loop("i1", "i", 1, "rows", band(1))}))`;

const wabt = await wabtModule();
const { buffer } = wabt.parseWat("multiply.wat", wat, { simd: true }).toBinary({});
const text = Buffer.from(buffer).toString("base64");
writeFileSync(
  new URL("multiply_wasm.js", import.meta.url),
  `/** @file Written by build_wasm.mjs. */\n\n/** The matrix product as WebAssembly, in base64. */\nexport const MULTIPLY = "${text}";\n`,
);
console.log(`multiply_wasm.js: ${buffer.length} bytes of WebAssembly`);
