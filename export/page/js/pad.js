/** @file The drawing area, whose content becomes the encoder's input. */

/** A canvas to draw on, whose content becomes [C, H, W] in [0, 1]. */
export class Pad {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {any} facts of the whole page
   * @param {() => void} changed
   */
  constructor(canvas, facts, changed) {
    this.canvas = canvas;
    this.facts = facts;
    const { width, height } = facts.image;
    // About 280 pixels wide, and a whole multiple of the picture's own size.
    this.times = Math.max(1, Math.round(280 / Math.max(width, height)));
    canvas.width = width * this.times;
    canvas.height = height * this.times;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    this.empty = true;
    /** @type {number[]} a byte for each channel: the data's background */
    const ground = facts.ground ?? [0];
    const [red, green, blue] = ground.length < 3 ? [ground[0], ground[0], ground[0]] : ground;
    /** The background, and the first colour of the pen: black or white, whichever contrasts more with it. */
    this.ground = `rgba(${red}, ${green}, ${blue}, ${(ground[3] ?? 255) / 255})`;
    this.color = red + green + blue > 382 && ground[3] !== 0 ? "#000000" : "#ffffff";
    this.clear();
    /** @type {[number, number] | null} */
    let last = null;
    const at = (/** @type {PointerEvent} */ event) => {
      const box = canvas.getBoundingClientRect();
      return /** @type {[number, number]} */ ([
        ((event.clientX - box.left) / box.width) * canvas.width,
        ((event.clientY - box.top) / box.height) * canvas.height,
      ]);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      last = at(event);
      this.stroke(last, last);
      changed();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      for (const one of event.getCoalescedEvents?.() ?? [event]) {
        const next = at(one);
        this.stroke(last, next);
        last = next;
      }
      changed();
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => {
        last = null;
      });
    }
  }

  /**
   * @param {[number, number]} from
   * @param {[number, number]} to
   * @returns {void}
   */
  stroke(from, to) {
    const { context } = this;
    context.lineWidth = Math.max(2, this.canvas.width / 13);
    context.lineCap = "round";
    context.strokeStyle = this.color;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(to[0] + 0.01, to[1]);
    context.stroke();
    this.empty = false;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @returns {void}
   */
  fill(context) {
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.fillStyle = this.ground;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  }

  /** @returns {void} */
  clear() {
    this.fill(this.context);
    this.empty = true;
  }

  /**
   * Replace the drawing by a picture, as large as fits.
   * @param {ImageBitmap} image
   * @returns {void}
   */
  paste(image) {
    this.clear();
    const { width, height } = this.canvas;
    const scale = Math.min(width / image.width, height / image.height);
    const [w, h] = [image.width * scale, image.height * scale];
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
    this.empty = false;
  }

  /**
   * The encoder's input.
   * @returns {Float32Array}
   */
  numbers() {
    const { channels, width, height } = this.facts.image;
    const small = document.createElement("canvas");
    small.width = width;
    small.height = height;
    const context = /** @type {CanvasRenderingContext2D} */ (small.getContext("2d"));
    context.imageSmoothingQuality = "high";
    this.fill(context);
    const [x, y, side, room] = this.source();
    if (side) context.drawImage(this.canvas, x, y, side, side, room[0], room[1], room[2], room[2]);
    else context.drawImage(this.canvas, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const pixels = width * height;
    const result = new Float32Array(channels * pixels);
    for (let i = 0; i < pixels; i++) {
      if (channels === 1) {
        const gray = (0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]) / 255;
        result[i] = this.facts.levels === 2 ? Number(gray > 0.5) : gray;
      } else {
        for (let c = 0; c < channels; c++) result[c * pixels + i] = data[4 * i + c] / 255;
      }
    }
    return result;
  }

  /**
   * The part of the drawing that becomes the encoder's input, and the place where it is put. MNIST's digits fill a
   * square of 20 pixels, with their centre of mass in the middle, so a digit is fitted likewise. Drawings for other
   * datasets are taken as they are; then all numbers are 0.
   * @returns {[number, number, number, [number, number, number]]} x, y and side; then x, y and side of the place
   */
  source() {
    const { width, height } = this.facts.image;
    /** @type {[number, number, number, [number, number, number]]} */
    const none = [0, 0, 0, [0, 0, 0]];
    if (!this.facts.dataset.startsWith("MNIST") || width !== 28 || height !== 28 || this.empty) return none;
    const { data } = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    let [mass, mx, my] = [0, 0, 0];
    for (let y = 0, i = 0; y < this.canvas.height; y++) {
      for (let x = 0; x < this.canvas.width; x++, i += 4) {
        if (data[i] < 64) continue;
        left = Math.min(left, x);
        right = Math.max(right, x + 1);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y + 1);
        mass += data[i];
        mx += data[i] * x;
        my += data[i] * y;
      }
    }
    if (!mass) return none;
    const side = Math.max(right - left, bottom - top);
    const scale = 20 / side;
    const [cx, cy] = [mx / mass, my / mass];
    // A square around the centre of mass. When the drawing is scaled to 20 pixels, this square has 28.
    const whole = 28 / scale;
    return [cx - whole / 2, cy - whole / 2, whole, [0, 0, 28]];
  }
}
