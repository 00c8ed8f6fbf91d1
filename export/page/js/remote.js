/** @file Sends requests to an engine in a worker, or to one in the page itself, which is faster for short work. */

import { answerTo } from "./engine.js";

/**
 * The worker's script, which is in the page as text.
 * @returns {string}
 */
function workerText() {
  return JSON.parse(document.getElementById("worker")?.textContent ?? '""');
}

/** One engine, which answers requests in order. */
export class Remote {
  /**
   * @param {import("./engine.js").Setup} setup
   * @param {boolean} here whether it runs in the page, which saves messages to and from a worker
   */
  constructor(setup, here) {
    this.next = 0;
    /** @type {Map<number, {message: any, resolve: (answer: any) => void, reject: (error: Error) => void}>} */
    this.open = new Map();
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {import("./engine.js").Engine | null} */
    this.engine = null;
    this.direct = here;
    try {
      if (here) throw new Error("no worker is wanted");
      const url = URL.createObjectURL(new Blob([workerText()], { type: "text/javascript" }));
      this.worker = new Worker(url);
      this.worker.onmessage = (event) => this.take(event.data);
      this.worker.onerror = () => this.fallBack();
    } catch {
      this.worker = null;
    }
    /** The messages that set the engine's state (set-up and weights), to repeat them for a new engine. */
    this.lasting = /** @type {any[]} */ ([]);
    /** @type {Promise<string>} what runs the program, for people */
    this.kind = this.ask({ kind: "setup", setup });
  }

  /**
   * @param {{kind: string, [more: string]: any}} message
   * @returns {Promise<any>}
   */
  ask(message) {
    const id = this.next++;
    const lasts = message.kind !== "decode" && message.kind !== "encode" && message.kind !== "numbers";
    if (lasts) this.lasting.push(message);
    return new Promise((resolve, reject) => {
      this.open.set(id, { message, resolve, reject });
      if (this.worker) this.worker.postMessage({ id, ...message });
      else if (this.direct) this.here({ id, ...message });
      else setTimeout(() => this.here({ id, ...message }), 0);
    });
  }

  /**
   * @param {{id: number, answer?: any, error?: string}} data
   * @returns {void}
   */
  take({ id, answer, error }) {
    const waiting = this.open.get(id);
    this.open.delete(id);
    if (error !== undefined) waiting?.reject(new Error(error));
    else waiting?.resolve(answer);
  }

  /**
   * Answer a message in the page itself.
   * @param {any} data
   * @returns {void}
   */
  here({ id, ...message }) {
    try {
      const { engine, answer } = answerTo(this.engine, message);
      this.engine = engine;
      this.take({ id, answer });
    } catch (error) {
      this.take({ id, error: String(error) });
    }
  }

  /**
   * Continue in the page, because the worker did not start.
   * @returns {void}
   */
  fallBack() {
    if (!this.worker) return;
    this.worker.terminate();
    this.worker = null;
    const open = [...this.open];
    const unanswered = new Set(open.map(([, { message }]) => message));
    for (const message of this.lasting) {
      if (!unanswered.has(message)) this.engine = answerTo(this.engine, message).engine;
    }
    for (const [id, { message }] of open) this.here({ id, ...message });
  }
}
