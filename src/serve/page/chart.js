// One series on a canvas: for each column a stroke from its least to its greatest number, so that no spike is lost.

import { placeOf, roundStep, short, tickText, valueText } from "./format.js";

const kLeft = 64; // pixels for numbers
const kRight = 8;
const kTop = 6;
const kBottom = 20;
const kLosses = ["overwritten", "hole", "passed"];

export class Chart {
  #caption = document.createElement("span");
  #selection = null; // pixels from and to

  /// on: {point(x or null), step(direction or "first" or "last"), zoom(from, to), key(name)}, all relative places.
  constructor(field, color, on) {
    this.field = field;
    this.color = color;
    this.on = on;
    this.columns = null;
    this.figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const name = document.createElement("b");
    name.textContent = field.unit ? `${field.name} in ${field.unit}` : field.name;
    caption.append(name, this.#caption);
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-roledescription", "chart");
    this.canvas.setAttribute("aria-describedby", "crosshair");
    this.figure.append(caption, this.canvas);
    this.#listen();
  }

  get plotWidth() {
    return Math.max(this.canvas.clientWidth - kLeft - kRight, 16);
  }

  draw(columns, series, crosshair) {
    this.columns = columns;
    const extremes = columns.extremes(series);
    this.#describe(extremes, columns);
    const ratio = window.devicePixelRatio || 1;
    const width = this.canvas.clientWidth;
    const height = this.canvas.clientHeight;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const style = getComputedStyle(this.canvas);
    const paint = this.canvas.getContext("2d");
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint.clearRect(0, 0, width, height);
    paint.font = "12px system-ui, sans-serif";
    const area = { left: kLeft, right: width - kRight, top: kTop, bottom: height - kBottom };
    const span = columns.to - columns.from || 1;
    const toX = (x) => area.left + ((x - columns.from) / span) * (area.right - area.left);
    let low = extremes.least === null ? 0 : Number(extremes.least);
    let high = extremes.greatest === null ? 1 : Number(extremes.greatest);
    if (low === high) {
      const room = Math.abs(low) * 0.01 || 1;
      low -= room;
      high += room;
    }
    // By halves: the range of all doubles is one.
    const toY = (y) => area.bottom - ((y / 2 - low / 2) / (high / 2 - low / 2)) * (area.bottom - area.top - 4) - 2;
    this.#drawGrid(paint, style, area, columns, toX, low, high, toY);
    paint.save();
    paint.beginPath();
    paint.rect(area.left, 0, area.right - area.left, height);
    paint.clip();
    this.#drawLosses(paint, style, area, columns, toX);
    this.#drawLine(paint, style, columns, series, toX, toY);
    if (this.#selection) {
      paint.fillStyle = style.getPropertyValue("--accent");
      paint.globalAlpha = 0.2;
      paint.fillRect(this.#selection[0], area.top, this.#selection[1] - this.#selection[0], area.bottom - area.top);
      paint.globalAlpha = 1;
    }
    if (crosshair) {
      const x = Math.round(toX(crosshair.x)) + 0.5;
      paint.strokeStyle = style.getPropertyValue("--ink");
      paint.setLineDash([4, 3]);
      paint.beginPath();
      paint.moveTo(x, area.top);
      paint.lineTo(x, area.bottom);
      paint.stroke();
      paint.setLineDash([]);
      paint.fillStyle = style.getPropertyValue("--ink");
      for (const value of [crosshair.low[series], crosshair.high[series]]) {
        if (Number.isFinite(value)) paint.fillRect(x - 3, toY(value) - 3, 6, 6);
      }
    }
    paint.restore();
  }

  #describe(extremes, columns) {
    const range = extremes.least === null ? "no numbers" :
      `${valueText(extremes.least, this.field)} to ${valueText(extremes.greatest, this.field)}`;
    const odd = extremes.odd ? `, ${extremes.odd} not finite` : "";
    this.#caption.textContent = `${range}${odd}, ${short(extremes.count)} values`;
    this.canvas.setAttribute("aria-label", `${this.field.name}: ${range}${odd}, of ${extremes.count} values. ` +
      "Arrow keys move the crosshair, plus and minus zoom.");
    Object.assign(this.canvas.dataset, {
      count: extremes.count, least: extremes.least, greatest: extremes.greatest, columns: columns.list.length,
    });
  }

  #drawGrid(paint, style, area, columns, toX, low, high, toY) {
    paint.strokeStyle = style.getPropertyValue("--line");
    paint.fillStyle = style.getPropertyValue("--quiet");
    paint.lineWidth = 1;
    paint.textAlign = "right";
    paint.textBaseline = "middle";
    const yStep = roundStep(high - low, 4);
    if (Number.isFinite(yStep) && yStep > 0) {
      const digits = Math.max(0, Math.min(12, -Math.floor(Math.log10(yStep))));
      for (let i = Math.ceil(low / yStep), tries = 0; i * yStep <= high && tries < 10; ++i, ++tries) {
        const value = i * yStep;
        const y = Math.round(toY(value)) + 0.5;
        this.#line(paint, area.left, y, area.right, y);
        const text = Math.abs(value) >= 1e5 || yStep < 1e-6 ? short(value) : value.toFixed(digits);
        paint.fillText(text, area.left - 6, y, area.left - 8); // narrower, rather than without its end
      }
    }
    paint.textAlign = "center";
    paint.textBaseline = "top";
    const span = columns.to - columns.from;
    const stepFor = (width) => roundStep(span, Math.max(2, (area.right - area.left) / width));
    const labelOf = (x) => tickText(placeOf(columns.origin, x, columns.along), columns.along, step);
    const widthOf = (text) => paint.measureText(text).width;
    let step = stepFor(110);
    if (!(step > 0)) return;
    step = stepFor(Math.max(110, 1.5 * widthOf(labelOf(columns.from)))); // the last one may be moved by half of it
    // Round places, of the day or of all numbers; not of the origin.
    const [day, unit] = columns.along === "time" ? [86400000000000n, 1e9] : [10n ** 15n, 1];
    const base = Number(placeOf(columns.origin, 0, columns.along) % day) / unit;
    const from = Math.ceil((columns.from + base) / step) * step - base;
    for (let x = from, tries = 0; x <= columns.to && tries < 40; x += step, ++tries) {
      const at = Math.round(toX(x)) + 0.5;
      this.#line(paint, at, area.top, at, area.bottom);
      const label = labelOf(x);
      const half = widthOf(label) / 2;
      paint.fillText(label, Math.max(half, Math.min(at, area.right + kRight - half)), area.bottom + 5);
    }
  }

  #line(paint, x0, y0, x1, y1) {
    paint.beginPath();
    paint.moveTo(x0, y0);
    paint.lineTo(x1, y1);
    paint.stroke();
  }

  // Told apart by where they are, too: overwritten over the whole height, holes below, what was passed over above.
  #drawLosses(paint, style, area, columns, toX) {
    const height = area.bottom - area.top;
    const places = [[area.top, height], [area.bottom - height / 3, height / 3], [area.top, height / 3]];
    for (const column of columns.list) {
      if (!column.lost) continue;
      const x = toX(column.x);
      const width = Math.max(3, toX(column.x + columns.width) - x);
      column.lost.forEach((count, i) => {
        if (count === 0) return;
        paint.fillStyle = style.getPropertyValue(`--${kLosses[i]}`);
        paint.globalAlpha = 0.3;
        paint.fillRect(x - 1, places[i][0], width, places[i][1]);
        paint.globalAlpha = 1;
        paint.fillRect(x - 1, i === 2 ? area.top : area.bottom - 4, width, 4);
      });
    }
  }

  #drawLine(paint, style, columns, series, toX, toY) {
    paint.strokeStyle = style.getPropertyValue(this.color);
    paint.fillStyle = paint.strokeStyle;
    paint.lineWidth = 1.25;
    paint.lineJoin = "round";
    paint.beginPath();
    let last = NaN; // the height where the line is
    for (const column of columns.list) {
      const low = toY(column.low[series]);
      const high = toY(column.high[series]);
      if (Number.isNaN(low)) continue;
      const x = toX(column.x + columns.width / 2);
      const isBroken = column.lost !== null;
      const [first, second] = Math.abs(low - last) <= Math.abs(high - last) ? [low, high] : [high, low];
      if (isBroken || Number.isNaN(last)) paint.moveTo(x, first + 0.6);
      else paint.lineTo(x, first);
      paint.lineTo(x, second === first ? second - 0.6 : second);
      last = second;
    }
    paint.stroke();
    if (columns.list.length * 6 > this.plotWidth) return;
    for (const column of columns.list) {
      if (column.n === 1 && !Number.isNaN(column.low[series]))
        paint.fillRect(toX(column.x + columns.width / 2) - 2, toY(column.high[series]) - 2, 4, 4);
    }
  }

  #relative(event) {
    const box = this.canvas.getBoundingClientRect();
    const { from, to } = this.columns;
    return from + ((event.clientX - box.left - kLeft) / this.plotWidth) * (to - from);
  }

  #listen() {
    const canvas = this.canvas;
    let from = null;
    canvas.addEventListener("pointermove", (event) => {
      if (!this.columns) return;
      if (from !== null) this.#selection = [from.pixel, event.offsetX];
      this.on.point(this.#relative(event));
    });
    canvas.addEventListener("pointerleave", () => this.on.point(null));
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.columns || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      from = { pixel: event.offsetX, place: this.#relative(event) };
    });
    const end = (event) => {
      const begin = from;
      from = null;
      this.#selection = null;
      if (begin && event.type === "pointerup" && Math.abs(event.offsetX - begin.pixel) > 5) {
        const to = this.#relative(event);
        this.on.zoom(Math.min(begin.place, to), Math.max(begin.place, to));
      }
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.on.key(event.key, event.shiftKey)) event.preventDefault();
    });
  }
}
