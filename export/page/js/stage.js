/** @file The plane on the screen: its canvases, and its mouse, touch and key events. */

import { Backdrop } from "./backdrop.js";
import { element, onClick } from "./dom.js";
import { drawCursor, drawEllipses, drawOutline, drawPath, drawTicks } from "./overlay.js";
import { outline } from "./prior.js";

/** Within this distance of the pointer, a point shows its picture. */
const NEAR_PX = 7;
const KEY_STEP_PX = 12;
/** A finger that moves less than this is not dragging. */
const STILL_PX = 12;

/** The plane's three canvases and their events. */
export class Stage {
  /**
   * @param {import("./explorer.js").Explorer} explorer
   * @param {import("./points.js").Points | null} points
   * @param {import("./path.js").Path} path
   */
  constructor(explorer, points, path) {
    this.explorer = explorer;
    this.points = points;
    this.path = path;
    this.showPoints = true;
    /** @type {{z: Float32Array, deviation: Float32Array} | null} */
    this.encoded = null;
    this.plane = element("plane", HTMLDivElement);
    this.canvases = ["backdrop", "points", "overlay"].map((id) => element(id, HTMLCanvasElement));
    const [, pointsCanvas, overlay] = this.canvases;
    this.pointsContext = /** @type {CanvasRenderingContext2D} */ (pointsCanvas.getContext("2d"));
    this.overlayContext = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
    this.backdrop = new Backdrop(this.canvases[0], explorer.source, explorer.frame, explorer.view);
    this.backdrop.epoch = explorer.epoch;
    this.fitted = false;
    this.overlayAsked = false;
    /** @type {Map<number, {x: number, y: number}>} pointers that are down */
    this.down = new Map();
    /** @type {"move" | "pan" | "pinch" | null} */
    this.doing = null;
    /** The cursor's place before the first finger came down, and that finger's position. */
    this.before = { a: 0, b: 0, x: 0, y: 0 };
    this.tip = element("tip", HTMLDivElement);
    new ResizeObserver(() => this.resize()).observe(this.plane);
    this.resize();
    this.listen();
    explorer.on(["cursor", "path"], () => this.drawOverlay());
    explorer.on(["view"], () => this.redraw());
    explorer.on(["inputs"], () => {
      this.backdrop.inputs = explorer.inputs.join();
      this.backdrop.update();
    });
    explorer.on(["plane", "epoch"], () => {
      this.backdrop.epoch = explorer.epoch;
      points?.project(explorer.frame);
      this.redraw();
    });
  }

  /** @returns {void} */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.plane;
    if (!width || !height) return;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    const { view } = this.explorer;
    for (const canvas of this.canvases) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    view.width = width;
    view.height = height;
    if (!this.fitted) view.fit(this.explorer.facts.frame.view);
    this.fitted = true;
    this.redraw();
  }

  /** @returns {void} */
  home() {
    this.explorer.view.fit(this.explorer.home);
    this.redraw();
  }

  /** @returns {void} */
  redraw() {
    this.backdrop.update();
    this.drawPoints();
    this.drawOverlay();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @returns {void}
   */
  begin(context) {
    const { view } = this.explorer;
    const ratio = context.canvas.width / view.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
  }

  /** @returns {void} */
  drawPoints() {
    this.begin(this.pointsContext);
    const { view, frame, facts } = this.explorer;
    drawOutline(this.pointsContext, outline(facts.prior, frame).map(([a, b]) => view.toScreen(a, b)));
    if (this.showPoints) this.points?.draw(this.pointsContext, view);
    // The ticks are drawn here, because the overlay is drawn again at every move of the cursor.
    drawTicks(this.pointsContext, view, frame.axes ? frame.axes.map((axis) => `z${axis}`) : ["a", "b"]);
  }

  /** @returns {void} */
  drawOverlay() {
    if (this.overlayAsked) return;
    this.overlayAsked = true;
    requestAnimationFrame(() => {
      this.overlayAsked = false;
      this.drawOverlayNow();
    });
  }

  /** @returns {void} */
  drawOverlayNow() {
    const { overlayContext: context, explorer } = this;
    const { view, frame } = explorer;
    this.begin(context);
    const onScreen = (/** @type {ArrayLike<number>} */ z) => {
      const { a, b } = frame.nearest(z);
      return view.toScreen(a, b);
    };
    drawPath(context, this.path.line.map(onScreen), this.path.points.map(onScreen));
    if (this.encoded) {
      const { z, deviation } = this.encoded;
      const along = (/** @type {Float32Array} */ axis) => view.scale * Math.hypot(...axis.map((x, i) => x * deviation[i]));
      drawEllipses(context, onScreen(z), [along(frame.u), along(frame.v)]);
    }
    drawCursor(context, view.toScreen(explorer.a, explorer.b));
  }

  /** @returns {void} */
  listen() {
    const { plane } = this;
    plane.addEventListener("pointerdown", (event) => this.press(event));
    plane.addEventListener("pointermove", (event) => this.move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      plane.addEventListener(name, (event) => this.release(event));
    }
    plane.addEventListener("pointerleave", () => {
      this.tip.hidden = true;
    });
    plane.addEventListener("contextmenu", (event) => event.preventDefault());
    plane.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const [x, y] = this.at(event);
        const lines = event.deltaMode === 1 ? 16 : 1;
        this.explorer.view.zoom(2 ** ((-event.deltaY * lines) / (event.ctrlKey ? 60 : 300)), x, y);
        this.explorer.tell("view");
      },
      { passive: false },
    );
    plane.addEventListener("keydown", (event) => this.key(event));
    onClick("zoom-in", () => this.zoomMiddle(1.5));
    onClick("zoom-out", () => this.zoomMiddle(1 / 1.5));
    onClick("home", () => this.home());
  }

  /**
   * @param {number} factor
   * @returns {void}
   */
  zoomMiddle(factor) {
    const { view } = this.explorer;
    view.zoom(factor, view.width / 2, view.height / 2);
    this.explorer.tell("view");
  }

  /**
   * @param {MouseEvent} event
   * @returns {[number, number]}
   */
  at(event) {
    const box = this.plane.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /**
   * @param {PointerEvent} event
   * @returns {void}
   */
  press(event) {
    if (event.target instanceof HTMLButtonElement) return;
    const [x, y] = this.at(event);
    this.down.set(event.pointerId, { x, y });
    this.plane.setPointerCapture(event.pointerId);
    this.tip.hidden = true;
    if (this.down.size === 2) this.pinch();
    else if (this.down.size === 1) {
      this.doing = event.button !== 0 || event.altKey ? "pan" : "move";
      this.before = { a: this.explorer.a, b: this.explorer.b, x, y };
      if (this.doing === "move") this.cursorTo(x, y);
    }
  }

  /**
   * Start a pinch when a second finger comes down. If the first one has not dragged, its cursor move is undone.
   * @returns {void}
   */
  pinch() {
    const [first] = this.down.values();
    const { a, b, x, y } = this.before;
    if (this.doing === "move" && Math.hypot(first.x - x, first.y - y) < STILL_PX) this.explorer.moveTo(a, b);
    this.doing = "pinch";
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {void}
   */
  cursorTo(x, y) {
    this.explorer.moveTo(...this.explorer.view.toPlane(x, y));
  }

  /**
   * @param {PointerEvent} event
   * @returns {void}
   */
  move(event) {
    const [x, y] = this.at(event);
    const before = this.down.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") this.hover(x, y);
      return;
    }
    const { view } = this.explorer;
    if (this.doing === "move") this.cursorTo(x, y);
    else if (this.doing === "pan") {
      view.pan(x - before.x, y - before.y);
      this.explorer.tell("view");
    } else if (this.doing === "pinch" && this.down.size === 2) {
      const other = [...this.down].find(([id]) => id !== event.pointerId)?.[1] ?? before;
      const length = (/** @type {{x: number, y: number}} */ p) => Math.max(10, Math.hypot(p.x - other.x, p.y - other.y));
      view.pan((x - before.x) / 2, (y - before.y) / 2);
      view.zoom(length({ x, y }) / length(before), (x + other.x) / 2, (y + other.y) / 2);
      this.explorer.tell("view");
    }
    this.down.set(event.pointerId, { x, y });
  }

  /**
   * @param {PointerEvent} event
   * @returns {void}
   */
  release(event) {
    this.down.delete(event.pointerId);
    // The finger that remains after a pinch does not move the cursor.
    if (!this.down.size) this.doing = null;
  }

  /**
   * Show the test image under the mouse.
   * @param {number} x
   * @param {number} y
   * @returns {void}
   */
  hover(x, y) {
    const { points, tip } = this;
    const { view } = this.explorer;
    const [a, b] = view.toPlane(x, y);
    const found = points && this.showPoints ? points.at(a, b, NEAR_PX / view.scale) : -1;
    tip.hidden = found < 0;
    if (!points || found < 0) return;
    const canvas = /** @type {HTMLCanvasElement} */ (tip.querySelector("canvas"));
    canvas.hidden = !points.sheet;
    points.drawThumbnail(canvas, found);
    /** @type {HTMLElement} */ (tip.querySelector("bdi")).textContent = points.nameOf(points.label(found));
    tip.style.left = `${Math.min(x + 14, view.width - 120)}px`;
    tip.style.top = `${Math.max(4, y - 78)}px`;
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {void}
   */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLButtonElement) return;
    const { explorer } = this;
    const step = (event.shiftKey ? KEY_STEP_PX / 12 : KEY_STEP_PX) / explorer.view.scale;
    /** @type {Record<string, [number, number]>} */
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const arrow = arrows[event.key];
    if (arrow) explorer.moveTo(explorer.a + arrow[0] * step, explorer.b + arrow[1] * step);
    else if (event.key === "+" || event.key === "=") this.zoomMiddle(1.5);
    else if (event.key === "-" || event.key === "_") this.zoomMiddle(1 / 1.5);
    else if (event.key === "Home") this.home();
    else return;
    event.preventDefault();
  }
}
