/** @file The slider over the epochs. */

import { element, onClick, setText } from "./dom.js";

const EPOCH_MS = 650;

/**
 * @param {import("./explorer.js").Explorer} explorer
 * @returns {(step: number) => void} goes forward or back by a number of epochs
 */
export function timePanel(explorer) {
  /** @type {{epoch: number, elbo: number | null}[]} */
  const epochs = explorer.facts.epochs;
  if (epochs.length < 2) return () => {};
  element("time", HTMLDivElement).hidden = false;
  const slider = element("epoch", HTMLInputElement);
  slider.max = String(epochs.length - 1);
  const show = () => {
    const index = epochs.findIndex(({ epoch }) => epoch === explorer.epoch);
    const { epoch, elbo } = epochs[index];
    const text = elbo === null ? `epoch ${epoch}` : `epoch ${epoch}, ELBO ${elbo.toFixed(2)} nats`.replace("-", "−");
    slider.value = String(index);
    slider.setAttribute("aria-valuetext", text);
    setText("epoch-text", epoch === 0 && elbo === null ? "epoch 0, before training" : text);
  };
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶";
    play.setAttribute("aria-label", "Play the epochs");
  };
  const play = onClick("time-play", () => {
    if (timer) return stop();
    play.textContent = "❚❚";
    play.setAttribute("aria-label", "Stop");
    if (Number(slider.value) === epochs.length - 1) explorer.setEpoch(epochs[0].epoch);
    timer = window.setInterval(() => {
      const next = epochs[Number(slider.value) + 1];
      if (next) explorer.setEpoch(next.epoch);
      else stop();
    }, EPOCH_MS);
  });
  slider.addEventListener("input", () => {
    stop();
    explorer.setEpoch(epochs[Number(slider.value)].epoch);
  });
  explorer.on(["epoch"], show);
  explorer.on(["visit"], stop);
  show();
  return (step) => {
    const next = epochs[Number(slider.value) + step];
    if (next) explorer.setEpoch(next.epoch);
  };
}
