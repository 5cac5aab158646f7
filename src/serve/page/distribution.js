// Histograms with percentiles.

import { valueText } from "./format.js";

export class Distributions {
  #parts = new Map(); // by field

  constructor(target) {
    this.target = target;
  }

  /// fields: those that are shown, in their order.
  show(fields) {
    this.#parts.clear();
    const heads = fields.map((field) => this.#part(field));
    this.target.replaceChildren(...heads);
  }

  #part(field) {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const name = document.createElement("b");
    name.textContent = field.name;
    const about = document.createElement("span");
    caption.append(name, about);
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    const table = document.createElement("table");
    table.setAttribute("aria-label", `Percentiles of ${field.name}`);
    figure.append(caption, canvas, table);
    this.#parts.set(field.name, { field, about, canvas, table });
    return figure;
  }

  take(distributions) {
    for (const [name, distribution] of Object.entries(distributions)) {
      const part = this.#parts.get(name);
      if (!part) continue;
      part.distribution = distribution;
      part.about.textContent = `the newest ${distribution.count} values; heights are logarithms`;
      part.table.replaceChildren(...distribution.percentiles.map(([percent, value]) => {
        const row = document.createElement("tr");
        const head = document.createElement("th");
        head.scope = "row";
        head.textContent = percent;
        const cell = document.createElement("td");
        cell.className = "number";
        cell.textContent = valueText(value, part.field);
        row.append(head, cell);
        return row;
      }));
      this.#draw(part);
    }
  }

  redraw() {
    for (const part of this.#parts.values()) if (part.distribution) this.#draw(part);
  }

  #draw({ canvas, distribution, field }) {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const paint = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint.fillStyle = style.getPropertyValue("--accent");
    const most = Math.log1p(Math.max(1, ...distribution.bins));
    const step = width / Math.max(distribution.bins.length, 1);
    distribution.bins.forEach((count, i) => {
      const tall = (Math.log1p(count) / most) * (height - 4);
      if (count > 0) paint.fillRect(i * step, height - Math.max(tall, 1), Math.max(step - 1, 1), Math.max(tall, 1));
    });
    paint.fillStyle = style.getPropertyValue("--line");
    paint.fillRect(0, height - 1, width, 1);
    const values = distribution.percentiles;
    canvas.setAttribute("aria-label", values.length === 0 ? `${field.name}: no values` :
      `Histogram of ${field.name}, from ${valueText(values[0][1], field)} to ${valueText(values.at(-1)[1], field)}`);
  }
}
