/** @file The decoder's other inputs: a list for each class, a check box for each switch, a slider and a box for each number. */

import { heaviest } from "./blend.js";
import { element, made } from "./dom.js";

const STEPS = 200;

/**
 * @param {import("./explorer.js").Explorer} explorer
 * @returns {void}
 */
export function inputsPanel(explorer) {
  const { settings } = explorer;
  if (!settings.length) return;
  element("inputs-card", HTMLElement).hidden = false;
  const rows = settings.map((setting, index) => {
    const set = (/** @type {number} */ value) => {
      explorer.setInputs(explorer.inputs.map((old, i) => (i === index ? value : old)));
    };
    if (setting.switch) return switchRow(setting, set);
    return setting.count === undefined ? numberRow(setting, set) : classRow(setting, setting.count, set);
  });
  const show = () => {
    rows.forEach((row, index) => {
      row(heaviest(explorer.inputs[index]));
    });
  };
  explorer.on(["inputs"], show);
  show();
}

/**
 * @param {string} name
 * @param {string} tag
 * @param {string} kind
 * @returns {HTMLElement} a row with its name
 */
function rowOf(name, tag, kind) {
  const row = document.createElement(tag);
  row.className = kind;
  const label = document.createElement("span");
  label.append(made("bdi", name));
  row.append(label);
  element("inputs", HTMLDivElement).append(row);
  return row;
}

/**
 * @param {import("./source.js").Setting} setting
 * @param {number} count
 * @param {(value: number) => void} set
 * @returns {(value: number) => void} shows a value
 */
function classRow({ name }, count, set) {
  const select = document.createElement("select");
  for (let n = 0; n < count; n++) select.add(new Option(String(n), String(n)));
  select.addEventListener("change", () => set(Number(select.value)));
  rowOf(name, "label", "field").append(select);
  return (value) => {
    select.value = String(value);
  };
}

/**
 * @param {import("./source.js").Setting} setting
 * @param {(value: number) => void} set
 * @returns {(value: number) => void} shows a value
 */
function switchRow({ name }, set) {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.addEventListener("change", () => set(Number(box.checked)));
  rowOf(name, "label", "switch").prepend(box);
  return (value) => {
    box.checked = value === 1;
  };
}

/**
 * @param {import("./source.js").Setting} setting
 * @param {(value: number) => void} set
 * @returns {(value: number) => void} shows a value
 */
function numberRow({ name, low = 0, high = 1 }, set) {
  const [slider, box] = [document.createElement("input"), document.createElement("input")];
  Object.assign(slider, { type: "range", min: String(low), max: String(high), step: String((high - low) / STEPS) });
  Object.assign(box, { type: "number", step: "any" });
  slider.setAttribute("aria-label", `${name} slider`);
  box.setAttribute("aria-label", name);
  slider.addEventListener("input", () => set(Number(slider.value)));
  box.addEventListener("change", () => {
    const value = box.value === "" ? Number.NaN : Number(box.value);
    box.setAttribute("aria-invalid", String(!Number.isFinite(value)));
    if (Number.isFinite(value)) set(value);
  });
  rowOf(name, "div", "field number").append(slider, box);
  return (value) => {
    slider.value = String(value);
    box.value = String(Number(value.toPrecision(7)));
    box.setAttribute("aria-invalid", "false");
  };
}
