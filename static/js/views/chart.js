// One uPlot chart: sized by its card, coloured by the style sheet's variables, zoomed by dragging
// (a double click zooms out), and never reset by new data.
import uPlot from "../../vendor/uplot-1.6.32/uPlot.js";
import { element } from "../lib/dom.js";

const FONT = '11px "Inter", "Inter fallback", system-ui, sans-serif';
const charts = new Set();

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

/** The colour that a CSS variable has now: canvases know neither variables nor light-dark(). */
export function token(name) {
  const style = getComputedStyle(document.documentElement);
  const value = style.getPropertyValue(name).trim();
  const [, light, dark] = /^light-dark\((.+), (.+)\)$/.exec(value) ?? [null, value, value];
  const chosen = { light: false, dark: true }[style.colorScheme];
  return (chosen ?? systemIsDark.matches) ? dark : light;
}

export const steps = uPlot.paths.stepped({ align: 1 });
export const nothing = () => null;
export const dots = (colour, size, filter) => ({
  paths: nothing,
  points: {
    show: true,
    size,
    width: 0,
    fill: () => token(colour),
    stroke: () => token(colour),
    filter,
  },
});

export class Chart {
  zoom = null;
  tip = element("div", { class: "tip", hidden: true });
  holder = element("div", { class: "plot" });

  /**
   * @param box element that gives the width; its `data-height` the height
   * @param series of uPlot, the x series left out
   * @param xRange, yRange (data) -> [low, high]
   * @param nearest (index of the point) -> {text, href}, or null; the text may be nodes
   */
  constructor(
    box,
    {
      series,
      xRange,
      yRange,
      x = {},
      y = {},
      bands = undefined,
      draw = undefined,
      nearest = undefined,
      hovered = 1,
      padding = undefined,
    },
  ) {
    this.box = box;
    this.xRange = xRange;
    this.yRange = yRange;
    this.nearest = nearest;
    this.hovered = hovered;
    box.replaceChildren(this.holder, this.tip);
    const range =
      (axis) =>
      ({ data }) => {
        if (!data?.[0]?.length) return [0, 1];
        return this.zoom?.[axis] ?? (axis === "x" ? this.xRange(data) : this.yRange(data));
      };
    this.plot = new uPlot(
      {
        width: Math.max(120, box.clientWidth),
        height: this.#height(),
        padding: padding ?? [10, 18, 0, 0],
        legend: { show: false },
        scales: { x: { time: false, range: range("x") }, y: { range: range("y") } },
        axes: [axis({ size: 26, ...x }, false), axis({ size: 40, ...y }, true)],
        series: [{}, ...series],
        bands,
        cursor: {
          x: false,
          y: false,
          points: { show: false },
          drag: { x: true, y: true, uni: 24, setScale: false },
          bind: { dblclick: () => () => this.setZoom(null) },
        },
        hooks: {
          draw: draw ? [(plot) => plot.data[0].length && draw(plot)] : [],
          setSelect: [(plot) => this.#select(plot)],
          setCursor: [(plot) => this.#hover(plot)],
        },
      },
      [[], ...series.map(() => [])],
      this.holder,
    );
    this.plot.over.addEventListener("mouseleave", () => this.#hide());
    this.plot.over.addEventListener("click", () => this.#click());
    new ResizeObserver(() => this.#fit()).observe(box);
    charts.add(this);
  }

  setData(data, label) {
    this.plot.setData(data);
    if (label) {
      this.box.setAttribute("role", "img");
      this.box.setAttribute("aria-label", label);
    }
  }

  /** Thousands of dots would be one blot. */
  sizeDots(count) {
    this.plot.series[1].points.size = count > 1000 ? 3 : 6;
  }

  setZoom(zoom) {
    this.zoom = zoom;
    this.plot.setData(this.plot.data);
  }

  #height() {
    return Math.max(60, this.box.clientHeight || 220);
  }

  #fit() {
    const [width, height] = [this.box.clientWidth, this.#height()];
    if (width > 0 && (width !== this.plot.width || height !== this.plot.height))
      this.plot.setSize({ width, height });
  }

  #select(plot) {
    const { left, top, width, height } = plot.select;
    if (width < 6 && height < 6) return;
    const x = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    const y = [plot.posToVal(top + height, "y"), plot.posToVal(top, "y")];
    const all = (size, over) => size < 6 || size >= over - 1;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.dragged = performance.now();
    this.setZoom({
      ...(!all(width, plot.over.clientWidth) && { x }),
      ...(!all(height, plot.over.clientHeight) && { y }),
    });
  }

  /** The point under the pointer, within 16 pixels. */
  #find(plot) {
    const { left, top } = plot.cursor;
    if (!this.nearest || left == null || left < 0) return null;
    const [xs, ys] = [plot.data[0], plot.data[this.hovered]];
    let best = null;
    let distance = 16 ** 2;
    for (let index = 0; index < xs.length; index += 1) {
      if (ys[index] == null) continue;
      const dx = plot.valToPos(xs[index], "x") - left;
      if (Math.abs(dx) > 16) continue;
      const dy = plot.valToPos(ys[index], "y") - top;
      if (dx * dx + dy * dy < distance) [best, distance] = [index, dx * dx + dy * dy];
    }
    return best;
  }

  #hover(plot) {
    const index = this.#find(plot);
    const found = index == null ? null : this.nearest(index);
    this.found = found;
    plot.over.style.cursor = found?.href ? "pointer" : "";
    if (!found) {
      this.#hide();
      return;
    }
    if (this.tip.dataset.index !== String(index)) this.tip.replaceChildren(...[found.text].flat());
    this.tip.dataset.index = index;
    this.tip.hidden = false;
    const x = plot.valToPos(plot.data[0][index], "x") + plot.over.offsetLeft;
    const y = plot.valToPos(plot.data[this.hovered][index], "y") + plot.over.offsetTop;
    const half = this.tip.offsetWidth / 2;
    this.tip.style.left = `${Math.max(half, Math.min(x, this.box.clientWidth - half))}px`;
    this.tip.style.top = `${y}px`;
    this.tip.classList.toggle("below", y < this.tip.offsetHeight + 16);
  }

  #hide() {
    this.found = null;
    this.tip.hidden = true;
    this.tip.dataset.index = "";
  }

  /** A click on a dot opens it, unless it ended a zoom. */
  #click() {
    const href = this.found?.href;
    if (href && performance.now() - (this.dragged ?? 0) > 300) location.assign(href);
  }
}

function axis({ size, format = undefined, splits = undefined, space = undefined }, grid) {
  return {
    stroke: () => token("--ink-3"),
    font: FONT,
    size,
    space: space ?? (grid ? 36 : 64),
    gap: 6,
    grid: grid ? { stroke: () => token("--line"), width: 1 } : { show: false },
    ticks: { show: false },
    ...(format && {
      values: (_, values) => values.map((value) => (value == null ? "" : format(value, values))),
    }),
    ...(splits && { splits }),
  };
}

/** A dashed line across the plot, with what it is above its right end. */
export function across(plot, value, text, { below = false } = {}) {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(value, "y", true)) + 0.5;
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = token("--ink-3");
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  ctx.lineWidth = ratio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
  const at = y + (below ? 14 : -6) * ratio;
  label(plot, text, bbox.left + bbox.width - 2 * ratio, at, { align: "right" });
}

/** What lies between two values, with a line at their middle and a word above its right end. */
export function band(plot, [low, high], middle, text) {
  const { ctx, bbox } = plot;
  const [top, y, bottom] = [high, middle, low].map((value) => {
    const at = plot.valToPos(value, "y", true);
    return Math.min(Math.max(at, bbox.top), bbox.top + bbox.height);
  });
  ctx.fillStyle = `${token("--ink-3")}2b`;
  ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  ctx.fillStyle = token("--ink-3");
  ctx.fillRect(bbox.left, y, bbox.width, devicePixelRatio);
  const ratio = devicePixelRatio;
  label(plot, text, bbox.left + bbox.width - 2 * ratio, y - 6 * ratio, { align: "right" });
}

/** Text on the canvas with a halo in the card's colour. */
export function label(plot, text, x, y, { align = "left", colour = "--ink-3", bold = false } = {}) {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${bold ? "600 " : ""}${11 * ratio}px "Inter", "Inter fallback", system-ui, sans-serif`;
  Object.assign(ctx, {
    textAlign: align,
    textBaseline: "alphabetic",
    lineJoin: "round",
    lineWidth: 4 * ratio,
  });
  ctx.strokeStyle = token("--surface");
  ctx.strokeText(text, x, y);
  ctx.fillStyle = token(colour);
  ctx.fillText(text, x, y);
  ctx.restore();
}

/** [low, high] over values with some room; `least` is the smallest span. */
export function room(values, { least = 0, pad = 0.08, max = Infinity, min = -Infinity } = {}) {
  const known = values.filter((value) => value != null && Number.isFinite(value));
  if (!known.length) return [0, 1];
  let [low, high] = [
    known.reduce((a, b) => Math.min(a, b)),
    known.reduce((a, b) => Math.max(a, b)),
  ];
  const span = Math.max(high - low, least || Math.abs(high) * 0.02 || 1);
  const more = (span - (high - low)) / 2 + span * pad;
  [low, high] = [Math.max(min, low - more), Math.min(max, high + more)];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

/** Canvases do not follow the theme by themselves. */
const redraw = () => charts.forEach(({ plot }) => plot.redraw(false, true));
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
systemIsDark.addEventListener("change", redraw);
document.fonts?.ready.then(redraw);
