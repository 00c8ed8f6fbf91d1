/** @file The drawing area: encodes a drawing, or a picture that people open, and decodes its posterior's mean. */

import { element, onClick, setText } from "./dom.js";
import { Pad } from "./pad.js";

/**
 * @param {import("./explorer.js").Explorer} explorer
 * @param {import("./stage.js").Stage} stage
 * @returns {void}
 */
export function drawPanel(explorer, stage) {
  const { facts } = explorer;
  if (!facts.encoder || facts.mode !== "live") return;
  element("draw-card", HTMLElement).hidden = false;
  let [running, again] = [false, false];
  const encode = async () => {
    again = running;
    if (running) return;
    running = true;
    try {
      const { mean, logvar } = await explorer.source.encode(pad.numbers());
      const deviation = logvar.map((x) => Math.exp(x / 2));
      let rate = 0;
      for (let i = 0; i < mean.length; i++) rate += 0.5 * (mean[i] ** 2 + Math.exp(logvar[i]) - 1 - logvar[i]);
      stage.encoded = { z: mean, deviation };
      const last = facts.epochs[facts.epochs.length - 1];
      if (last) explorer.setEpoch(last.epoch); // the encoder is that of the last epoch
      explorer.show(mean);
      setText("pad-text", `KL ${rate.toFixed(2)} nats`);
    } catch (error) {
      setText("pad-text", error instanceof Error ? error.message : String(error));
    } finally {
      running = false;
      if (again) encode();
    }
  };
  const pad = new Pad(element("pad", HTMLCanvasElement), facts, encode);
  const color = element("pad-color", HTMLInputElement);
  color.hidden = facts.image.channels === 1;
  color.value = pad.color;
  color.addEventListener("input", () => {
    pad.color = color.value;
  });
  const small = element("pad-picture", HTMLCanvasElement);
  const context = /** @type {CanvasRenderingContext2D} */ (small.getContext("2d"));
  small.width = facts.image.width;
  small.height = facts.image.height;
  explorer.on(["picture"], () => {
    small.hidden = stage.encoded === null;
    if (explorer.picture) context.putImageData(explorer.picture, 0, 0);
  });
  onClick("pad-clear", () => {
    small.hidden = true;
    pad.clear();
    stage.encoded = null;
    setText("pad-text", "");
    stage.drawOverlay();
  });
  const file = element("pad-file", HTMLInputElement);
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    file.value = "";
    if (!chosen) return;
    try {
      pad.paste(await createImageBitmap(chosen));
      await encode();
    } catch {
      setText("pad-text", "The browser cannot read this file as a picture.");
    }
  });
}
