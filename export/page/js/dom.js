/** @file Small helpers for the page's elements. Text from the model is always set as text, never as HTML. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`found no ${kind.name} with the id ${id}`);
  return found;
}

/**
 * @param {string} id
 * @param {string} text
 * @returns {void}
 */
export function setText(id, text) {
  const found = document.getElementById(id);
  if (found && found.textContent !== text) found.textContent = text;
}

/**
 * @param {string} tag
 * @param {string} text
 * @returns {HTMLElement}
 */
export function made(tag, text) {
  const result = document.createElement(tag);
  result.textContent = text;
  return result;
}

/**
 * Run an action when a button is pressed.
 * @param {string} id
 * @param {() => void} action
 * @returns {HTMLButtonElement}
 */
export function onClick(id, action) {
  const button = element(id, HTMLButtonElement);
  button.addEventListener("click", action);
  return button;
}
