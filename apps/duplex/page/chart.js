// A chart of the last minute: one dot for each piece of news, as high as it came late.

import { formatMs, makeSvg } from "/_duplex/dom.js";

const WINDOW_MS = 60_000;
const MARGIN = { top: 14, right: 14, bottom: 26, left: 54 };
const LOG_MIN_MS = 0.1;
const LOG_MAX_MS = 10_000;

/** The next round number that is not below `value`. */
function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

export class Chart {
  #svg;
  #grid = makeSvg("g", { class: "grid" });
  #points = makeSvg("g", { class: "points" });
  #medians = makeSvg("g", { class: "medians" });
  /** What is drawn: {way, at, ms, stem, dot}. */
  #data = [];
  #median = {};
  #scale = "linear";
  #top = 2000;
  #width = 0;
  #height = 0;

  constructor(svg) {
    this.#svg = svg;
    // The newest dots enter at the right edge, and the oldest leave below the axis.
    const clip = makeSvg("clipPath", { id: "chart-clip" }, makeSvg("rect", { id: "chart-clip-rect" }));
    svg.append(makeSvg("defs", {}, clip), this.#grid,
               makeSvg("g", { "clip-path": "url(#chart-clip)" }, this.#points), this.#medians);
    new ResizeObserver(() => this.#layout()).observe(svg);
    this.#layout();
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    setInterval(() => still.matches && this.#move(), 1000);
    const frame = () => {
      if (!still.matches) this.#move();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  /** Adds a dot of `way` ("poll" or "push") at this moment. */
  add(way, ms, title) {
    const stem = makeSvg("line", { class: `stem ${way}` });
    const dot = makeSvg("circle", { class: `dot ${way}`, r: 4 }, makeSvg("title", {}, title));
    this.#points.append(stem, dot);
    this.#data.push({ way, at: performance.now(), ms, stem, dot });
    while (performance.now() - this.#data[0].at > WINDOW_MS + 2000) {
      const { stem: oldStem, dot: oldDot } = this.#data.shift();
      oldStem.remove();
      oldDot.remove();
    }
    this.#rescale();
    this.#place(this.#data.at(-1));
  }

  setMedian(way, ms) {
    this.#median[way] = ms;
    this.#drawMedians();
  }

  /** "linear" or "log". */
  setScale(scale) {
    this.#scale = scale;
    this.#layout();
  }

  #x(at) {
    return this.#width - MARGIN.right - ((performance.now() - at) / WINDOW_MS) * (this.#width - MARGIN.left - MARGIN.right);
  }

  #y(ms) {
    const height = this.#height - MARGIN.top - MARGIN.bottom;
    const part = this.#scale === "linear"
      ? ms / this.#top
      : Math.log10(Math.max(ms, LOG_MIN_MS) / LOG_MIN_MS) / Math.log10(LOG_MAX_MS / LOG_MIN_MS);
    return this.#height - MARGIN.bottom - Math.min(part, 1) * height;
  }

  #rescale() {
    const most = Math.max(500, ...this.#data.map(({ ms }) => ms));
    const top = niceCeiling(most);
    if (top === this.#top) return;
    this.#top = top;
    this.#layout();
  }

  #layout() {
    this.#width = this.#svg.clientWidth;
    this.#height = this.#svg.clientHeight;
    const clip = this.#svg.querySelector("#chart-clip-rect");
    const inner = { x: MARGIN.left, y: 0, width: Math.max(0, this.#width - MARGIN.left), height: this.#height };
    for (const [name, value] of Object.entries(inner)) clip.setAttribute(name, value);
    const ticks = this.#scale === "linear"
      ? [0, 0.25, 0.5, 0.75, 1].map((part) => part * this.#top)
      : [0.1, 1, 10, 100, 1000, 10_000];
    const right = this.#width - MARGIN.right;
    this.#grid.replaceChildren();
    for (const ms of ticks) {
      const y = this.#y(ms);
      const label = ms === 0 ? "0" : ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
      this.#grid.append(
        makeSvg("line", { x1: MARGIN.left, x2: right, y1: y, y2: y }),
        makeSvg("text", { x: MARGIN.left - 8, y: y + 4, "text-anchor": "end" }, label));
    }
    const bottom = this.#height - 6;
    this.#grid.append(
      makeSvg("text", { x: MARGIN.left, y: bottom }, "a minute ago"),
      makeSvg("text", { x: right, y: bottom, "text-anchor": "end" }, "now"));
    for (const point of this.#data) this.#place(point);
    this.#drawMedians();
  }

  #place({ at, ms, stem, dot }) {
    const x = this.#x(at);
    const y = this.#y(ms);
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    stem.setAttribute("x1", x);
    stem.setAttribute("x2", x);
    stem.setAttribute("y1", this.#height - MARGIN.bottom);
    stem.setAttribute("y2", y);
  }

  #move() {
    for (const { at, stem, dot } of this.#data) {
      const x = this.#x(at);
      dot.setAttribute("cx", x);
      stem.setAttribute("x1", x);
      stem.setAttribute("x2", x);
    }
  }

  #drawMedians() {
    this.#medians.replaceChildren();
    for (const [way, ms] of Object.entries(this.#median)) {
      const y = this.#y(ms);
      this.#medians.append(
        makeSvg("line", { class: way, x1: MARGIN.left, x2: this.#width - MARGIN.right, y1: y, y2: y }),
        makeSvg("text", { class: way, x: MARGIN.left + 6, y: y - 6 }, `median ${formatMs(ms)}`));
    }
  }
}
