/** @file The worker's script: an engine that answers messages in order. */

import { answerTo } from "./engine.js";

/** @type {import("./engine.js").Engine | null} */
let engine = null;

self.onmessage = (event) => {
  const { id, ...message } = event.data;
  try {
    const result = answerTo(engine, message);
    engine = result.engine;
    self.postMessage({ id, answer: result.answer }, { transfer: result.transfer });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
