/** @file The backdrop, the decoded plane: pictures side by side, decoded first coarse and then finer. */

const SHEET_PX = 1024;
/** The first pictures are this many levels coarser. */
const COARSER = 2;
const MOST_SLOTS = 6000;

/** @typedef {{canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, x: number, y: number}} Slot */

/** A cache of small pictures on a few large canvases; new pictures replace the least recently used ones. */
class Slots {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.columns = Math.max(1, Math.floor(SHEET_PX / width));
    this.rows = Math.max(1, Math.floor(SHEET_PX / height));
    this.most = Math.max(64, Math.min(MOST_SLOTS, Math.floor(5e7 / (4 * width * height))));
    /** @type {Map<string, Slot>} */
    this.byKey = new Map();
    /** @type {{canvas: HTMLCanvasElement, context: CanvasRenderingContext2D}[]} */
    this.sheets = [];
  }

  /**
   * @param {string} key
   * @returns {Slot | undefined} which counts as used now
   */
  get(key) {
    const slot = this.byKey.get(key);
    if (slot) {
      this.byKey.delete(key);
      this.byKey.set(key, slot);
    }
    return slot;
  }

  /**
   * @param {string} key
   * @param {ImageData} image
   * @returns {void}
   */
  put(key, image) {
    const slot = this.byKey.size < this.most ? this.fresh() : this.oldest();
    slot.context.putImageData(image, slot.x, slot.y);
    this.byKey.set(key, slot);
  }

  /** @returns {Slot} */
  fresh() {
    const each = this.columns * this.rows;
    const index = this.byKey.size;
    if (index >= this.sheets.length * each) {
      const canvas = document.createElement("canvas");
      canvas.width = this.columns * this.width;
      canvas.height = this.rows * this.height;
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      this.sheets.push({ canvas, context });
    }
    const sheet = this.sheets[Math.floor(index / each)];
    const place = index % each;
    return {
      ...sheet, x: (place % this.columns) * this.width, y: Math.floor(place / this.columns) * this.height,
    };
  }

  /** @returns {Slot} */
  oldest() {
    const [key, slot] = /** @type {[string, Slot]} */ (this.byKey.entries().next().value);
    this.byKey.delete(key);
    return slot;
  }
}

/** The backdrop of one plane. */
export class Backdrop {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./source.js").LiveSource | import("./source.js").AtlasSource} source
   * @param {import("./plane.js").Frame} frame
   * @param {import("./plane.js").View} view
   */
  constructor(canvas, source, frame, view) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.source = source;
    this.frame = frame;
    this.view = view;
    this.slots = new Slots(source.width, source.height);
    this.epoch = 0;
    /** The decoder's other inputs, as text. */
    this.inputs = "";
    this.shown = true;
    /** The last set of pictures that was drawn completely: it is shown until those of a new set are decoded. */
    this.settled = "";
    this.running = 0;
    this.asked = new Set();
    this.frameAsked = false;
    /** Called when all pictures of the view are decoded. */
    this.onSettled = () => {};
  }

  /** @returns {string} */
  get set() {
    return `${this.epoch}|${this.frame.version}|${this.inputs}`;
  }

  /** @returns {number} the best width of a picture on the screen, in CSS pixels */
  get target() {
    return Math.max(30, Math.min(72, this.source.width));
  }

  /**
   * The level of detail: neighbouring pictures are 2^level apart.
   * @returns {number}
   */
  get level() {
    return Math.round(Math.log2(this.target / this.view.scale));
  }

  /**
   * The indices of the pictures of a level that are in view.
   * @param {number} level
   * @returns {{i: number, j: number, key: string}[]}
   */
  cells(level) {
    const { view } = this;
    const [stepA, stepB] = this.steps(level);
    let [left, top] = view.toPlane(0, 0);
    let [right, bottom] = view.toPlane(view.width, view.height);
    const { limits } = this.source;
    if (limits) {
      [left, right] = [Math.max(left, limits[0]), Math.min(right, limits[2])];
      [bottom, top] = [Math.max(bottom, limits[1]), Math.min(top, limits[3])];
    }
    const result = [];
    const [firstRow, lastRow] = this.frame.d === 1 ? [0, 0] : [Math.round(bottom / stepB), Math.round(top / stepB)];
    for (let j = firstRow; j <= lastRow; j++) {
      for (let i = Math.round(left / stepA); i <= Math.round(right / stepA); i++) {
        result.push({ i, j, key: `${level}|${i}|${j}` });
      }
    }
    return result;
  }

  /**
   * The distances of neighbouring pictures of a level, in a and b.
   * @param {number} level
   * @returns {[number, number]}
   */
  steps(level) {
    const step = 2 ** level;
    return [step, (step * this.source.height) / this.source.width];
  }

  /**
   * Draw the pictures that are decoded, and start decoding the others.
   * @returns {void}
   */
  update() {
    if (!this.frameAsked) {
      this.frameAsked = true;
      requestAnimationFrame(() => {
        this.frameAsked = false;
        this.draw();
      });
    }
    for (let lane = this.running; lane < this.source.lanes; lane++) this.work(lane);
  }

  /**
   * Decode until nothing is missing.
   * @param {number} lane
   * @returns {Promise<void>}
   */
  async work(lane) {
    this.running++;
    try {
      for (;;) {
        const missing = this.missing();
        if (!missing.length || !this.shown) break;
        const { set, epoch } = this;
        for (const cell of missing) this.asked.add(`${set}|${cell.key}`);
        const places = missing.map(({ level, i, j }) => {
          const [stepA, stepB] = this.steps(level);
          return this.frame.place(i * stepA, this.frame.d === 1 ? 0 : j * stepB);
        });
        const pixels = await this.source.pictures(epoch, places, lane);
        const bytes = 4 * this.source.width * this.source.height;
        missing.forEach((cell, n) => {
          const part = pixels.subarray(n * bytes, (n + 1) * bytes);
          this.slots.put(`${set}|${cell.key}`, new ImageData(part, this.source.width, this.source.height));
          this.asked.delete(`${set}|${cell.key}`);
        });
        this.update();
      }
    } catch (error) {
      console.error(error);
    } finally {
      this.running--;
    }
  }

  /**
   * The next few pictures to decode: coarse ones first, and each level from the middle of the view outwards.
   * @returns {{level: number, i: number, j: number, key: string}[]}
   */
  missing() {
    const { level, set, view } = this;
    const first = this.settled && this.settled !== set ? level : level + COARSER;
    for (let at = first; at >= level; at--) {
      const [stepA, stepB] = this.steps(at);
      const far = (/** @type {{i: number, j: number}} */ { i, j }) => (i * stepA - view.a) ** 2 + (j * stepB - view.b) ** 2;
      const found = this.cells(at).filter(({ key }) => {
        const whole = `${set}|${key}`;
        return !this.slots.byKey.has(whole) && !this.asked.has(whole);
      });
      if (found.length) {
        found.sort((p, q) => far(p) - far(q));
        return found.slice(0, this.source.batch).map((cell) => ({ ...cell, level: at }));
      }
    }
    return [];
  }

  /**
   * @param {string} set
   * @param {number} level
   * @returns {boolean} whether every picture of the level was drawn
   */
  drawLevel(set, level) {
    const { context, view } = this;
    const [stepA, stepB] = this.steps(level);
    const [w, h] = [stepA * view.scale, stepB * view.scale];
    let whole = true;
    for (const { i, j, key } of this.cells(level)) {
      const slot = this.slots.get(`${set}|${key}`);
      if (!slot) {
        whole = false;
        continue;
      }
      const [x, y] = view.toScreen(i * stepA, this.frame.d === 1 ? 0 : j * stepB);
      context.drawImage(
        slot.canvas, slot.x, slot.y, this.source.width, this.source.height, x - w / 2, y - h / 2, w + 0.5, h + 0.5,
      );
    }
    return whole;
  }

  /**
   * @returns {void}
   */
  draw() {
    const { context, canvas, view, level, set } = this;
    const ratio = canvas.width / view.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    if (!this.shown) return;
    context.imageSmoothingEnabled = this.source.width > 48;
    const fine = this.cells(level).every(({ key }) => this.slots.byKey.has(`${set}|${key}`));
    if (!fine) {
      if (this.settled && this.settled !== set) this.drawLevel(this.settled, level);
      else for (let at = level + COARSER; at > level; at--) this.drawLevel(set, at);
    }
    this.drawLevel(set, level);
    if (fine) {
      const changed = this.settled !== set;
      this.settled = set;
      if (changed) this.onSettled();
    }
  }
}
