/** @file The state of a page: the cursor, the epoch, the plane. Listeners are called when it changes. */

import { Frame, View } from "./plane.js";
import { drawn } from "./prior.js";

/** Margin factor of the view around three samples; export/page/plane.py uses the same for the first view. */
const MARGIN = 1.25;

/**
 * @typedef {"cursor" | "picture" | "epoch" | "plane" | "view" | "path" | "visit" | "inputs"} Change
 */

/** The state of a page, and the picture under the cursor. */
export class Explorer {
  /**
   * @param {any} facts
   * @param {import("./source.js").LiveSource | import("./source.js").AtlasSource} source
   */
  constructor(facts, source) {
    this.facts = facts;
    this.source = source;
    this.frame = new Frame(facts.latentDim, facts.frame);
    this.view = new View();
    /** @type {number} */
    this.epoch = facts.epoch ?? (facts.epochs.length ? facts.epochs[facts.epochs.length - 1].epoch : 0);
    /** @type {number[]} the part of the plane that "Show the whole plane" shows */
    this.home = this.homeOf(facts.frame);
    /** @type {import("./source.js").Setting[]} */
    this.settings = facts.settings;
    /** @type {import("./source.js").Value[]} the value of each setting */
    this.inputs = this.settings.map(({ value }) => value);
    source.setInputs(this.settings, this.inputs);
    this.a = 0;
    this.b = 0;
    /** @type {ImageData | null} */
    this.picture = null;
    /** Milliseconds per picture, as an exponentially weighted mean. */
    this.usualMs = 0;
    /** @type {Map<Change, (() => void)[]>} */
    this.listeners = new Map();
    this.wanted = 0;
    this.running = false;
  }

  /**
   * @param {Change[]} changes
   * @param {() => void} listener
   * @returns {void}
   */
  on(changes, listener) {
    for (const change of changes) this.listeners.set(change, [...(this.listeners.get(change) ?? []), listener]);
  }

  /**
   * @param {Change} change
   * @returns {void}
   */
  tell(change) {
    for (const listener of this.listeners.get(change) ?? []) listener();
  }

  /**
   * The part that "Show the whole plane" shows. An atlas covers only the first view.
   * @param {import("./plane.js").Plane} plane
   * @returns {number[]}
   */
  homeOf(plane) {
    return (this.facts.mode === "live" && plane.home) || this.facts.frame.view;
  }

  /** @returns {import("./source.js").Place} */
  get place() {
    return this.frame.place(this.a, this.b);
  }

  /**
   * Move the cursor on the plane.
   * @param {number} a
   * @param {number} b
   * @returns {void}
   */
  moveTo(a, b) {
    const { limits } = this.source;
    this.a = limits ? Math.max(limits[0], Math.min(limits[2], a)) : a;
    this.b = limits ? Math.max(limits[1], Math.min(limits[3], b)) : b;
    if (this.frame.d === 1) this.b = 0;
    this.tell("cursor");
    this.decode();
  }

  /**
   * Move the cursor to a z. If z is not on the plane, a live page moves the plane, an atlas takes the nearest place.
   * @param {ArrayLike<number>} z
   * @returns {void}
   */
  goTo(z) {
    const before = this.frame.version;
    if (this.facts.mode === "live") {
      const { a, b } = this.frame.moveTo(z);
      if (this.frame.version !== before) this.tell("plane");
      this.moveTo(a, b);
    } else {
      const { a, b } = this.frame.nearest(z);
      this.moveTo(a, b);
    }
  }

  /**
   * Go to a z; if it is out of view, the view moves.
   * @param {ArrayLike<number>} z
   * @returns {void}
   */
  show(z) {
    this.goTo(z);
    if (this.view.reveal(this.a, this.b)) this.tell("view");
  }

  /**
   * Go to a bookmark; on a live page, also to its plane and view.
   * @param {import("./bookmarks_panel.js").Bookmark} mark
   * @returns {void}
   */
  visit(mark) {
    const plane = this.facts.planes[mark.plane];
    this.tell("visit");
    this.setInputs(this.inputsOf(mark));
    this.setEpoch(mark.epoch ?? this.epoch);
    if (this.facts.mode !== "live") {
      this.goTo(new Frame(this.frame.d, plane).place(mark.start[0], mark.start[1]).z);
      return;
    }
    this.home = this.homeOf(plane);
    this.frame.set(plane);
    this.view.fit(mark.view);
    this.tell("plane");
    this.moveTo(mark.start[0], mark.start[1]);
  }

  /**
   * Go back to the first plane and to the cursor's first place.
   * @returns {void}
   */
  toFirstPlane() {
    const { frame } = this.facts;
    this.tell("visit");
    this.home = this.homeOf(frame);
    this.frame.set(frame);
    this.view.fit(frame.view);
    this.tell("plane");
    const [a, b] = frame.start ?? [0, 0];
    this.moveTo(a, b);
  }

  /**
   * Put the plane through three other samples of the prior, with the cursor at the first.
   * @returns {void}
   */
  throughSamples() {
    const { frame, facts } = this;
    const samples = Array.from({ length: 3 }, () => drawn(facts.prior, frame.d));
    this.tell("visit");
    frame.setThrough(samples);
    const places = samples.map((z) => frame.nearest(z));
    const half = MARGIN * Math.max(...places.flatMap(({ a, b }) => [Math.abs(a), Math.abs(b)]));
    this.home = [-half, -half, half, half];
    this.view.fit(this.home);
    this.tell("plane");
    this.moveTo(places[0].a, places[0].b);
  }

  /**
   * @param {number} epoch
   * @returns {void}
   */
  setEpoch(epoch) {
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.tell("epoch");
    this.decode();
  }

  /**
   * Set the decoder's other inputs.
   * @param {import("./source.js").Value[]} values one for each setting
   * @returns {void}
   */
  setInputs(values) {
    if (values.every((value, i) => value === this.inputs[i])) return;
    this.inputs = values;
    this.source.setInputs(this.settings, values);
    this.tell("inputs");
    this.decode();
  }

  /**
   * @param {import("./bookmarks_panel.js").Bookmark} mark
   * @returns {import("./source.js").Value[]} the value of each setting; a bookmark without inputs has the first values
   */
  inputsOf(mark) {
    return mark.inputs ?? this.settings.map(({ value }) => value);
  }

  /**
   * @param {import("./source.js").Value[]} values one for each setting
   * @param {(setting: number) => boolean} [isSaid] whether a setting is in the text; by default all are
   * @returns {string} the decoder's other inputs, such as "label 7", for people
   */
  inputWords(values, isSaid = () => true) {
    const words = (/** @type {import("./source.js").Value} */ value) =>
      typeof value === "number"
        ? String(value).replace("-", "−")
        : value.map(([n, weight]) => `${Math.round(100 * weight)} % ${n}`).join(" + ");
    const texts = this.settings.map(({ name }, i) => `${name} ${words(values[i])}`);
    return texts.filter((_, i) => isSaid(i)).join(", ");
  }

  /**
   * Tell the listeners that the plane has moved; the cursor keeps its z.
   * @returns {void}
   */
  planeMoved() {
    this.tell("plane");
    this.tell("cursor");
    this.decode();
  }

  /**
   * Decode the picture under the cursor. Of requests that come while one is decoded, only the last is kept.
   * @returns {Promise<void>}
   */
  async decode() {
    const wanted = ++this.wanted;
    if (this.running) return;
    this.running = true;
    try {
      for (let at = wanted; ; at = this.wanted) {
        const { pixels, ms } = await this.source.picture(this.epoch, this.place);
        this.picture = new ImageData(pixels, this.source.width, this.source.height);
        this.usualMs += (ms - this.usualMs) * (this.usualMs ? 0.15 : 1);
        this.tell("picture");
        if (at === this.wanted) break;
      }
    } finally {
      this.running = false;
    }
  }
}
