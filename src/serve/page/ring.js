// The ring that is looked at: its charts, what they show, and the controls.

import { Chart } from "./chart.js";
import { Columns } from "./columns.js";
import { fillFields, fillSpans, save, tell, usualFields } from "./controls.js";
import { describeColumn } from "./crosshair.js";
import { Distributions } from "./distribution.js";
import { duration, placeOf, short } from "./format.js";
import { Marks, Newest } from "./tables.js";

const kMostFields = 16;
const kColors = 8;

const find = (id) => document.getElementById(id);

export class Ring {
  #name = null;
  #schema = null;
  #chosen = []; // names of fields
  #charts = [];
  #live = new Columns();
  #detail = new Columns();
  #mode = "live"; // or "paused", "zoom"
  #detailId = 0;
  #cross = null; // a column
  #crossAt = null; // where it is, relative
  #where = "";
  #counts = null;
  #apart = "0"; // values that are in no chart

  constructor(send) {
    this.send = send;
    this.newest = new Newest(find("newest"));
    this.marks = new Marks(find("marks"), find("counts"));
    this.distributions = new Distributions(find("distributions"));
    this.#listen();
    new ResizeObserver(() => this.#resized()).observe(find("charts"));
  }

  get name() {
    return this.#name;
  }

  choose(name) {
    this.#name = name;
    this.#schema = null;
    this.#chosen = [];
    this.#counts = null;
    this.#apart = "0";
    this.#setMode("live");
    this.#live.clear();
    this.marks.clear();
    this.#showCharts();
    find("ring").hidden = false;
    find("ring-title").textContent = name;
    find("ring-facts").textContent = "";
    tell("");
    find("field-list").replaceChildren();
    find("filter-problem").hidden = true;
    find("when").value = find("where").value = this.#where = "";
    this.watch(true);
  }

  /// Asks for what is to be seen. anew: all of it, of another ring or after the connection was lost.
  watch(anew = false) {
    if (this.#name === null) return;
    if (anew) this.marks.clear();
    const live = this.#mode === "live";
    this.send({ op: "watch", ring: this.#name, anew, ...this.#wish(), span: this.#span, live });
  }

  #wish() {
    return { fields: this.#chosen, where: this.#where, distributions: true, columns: this.#columns };
  }

  get #columns() {
    const width = this.#charts[0]?.plotWidth ?? find("charts").clientWidth - 72;
    return Math.max(64, Math.min(2048, Math.round(width)));
  }

  get #span() {
    return Number(find("span").value) || 0;
  }

  get #shown() {
    return this.#mode === "zoom" ? this.#detail : this.#live;
  }

  take(watch) {
    if (watch.ring !== this.#name) return;
    if (watch.trouble !== undefined) this.#tell("trouble", watch.trouble);
    if (watch.problem !== undefined) this.#tell("filter-problem", watch.problem);
    if (watch.schema) this.#takeSchema(watch.schema);
    if (watch.marks) this.marks.take(watch.marks);
    this.#apart = watch.apart ?? this.#apart;
    this.#counts = watch.counts ?? this.#counts;
    if (this.#counts && (watch.counts || watch.apart)) this.marks.count(this.#counts, Number(this.#apart));
    if (this.#mode !== "live") return; // what was under way when it was stopped
    if (watch.columns) this.#live.take(watch.columns);
    if (watch.rows) this.newest.show(watch.rows);
    if (watch.distributions) this.distributions.take(watch.distributions);
  }

  takeDetail(id, detail) {
    if (id !== this.#detailId || this.#mode !== "zoom") return;
    if (detail.problem) {
      tell(detail.problem);
      return;
    }
    this.#detail.takeDetail(detail);
    this.#cross = null;
    const span = detail.along === "time" ? duration(detail.to) : `${short(detail.to)} values`;
    const what = detail.points ? "each of them a point" : "least and greatest of each column";
    const count = short(Number(detail.count));
    find("mode").textContent = `Zoomed: ${span} of what the ring holds, ${count} values, ${what}.`;
  }

  draw() {
    this.#pointAgain();
    const columns = this.#shown;
    for (const chart of this.#charts) {
      const series = columns.fields.indexOf(chart.field.name);
      if (series >= 0) chart.draw(columns, series, this.#cross);
    }
  }

  redraw() {
    this.draw();
    this.distributions.redraw();
  }

  #tell(id, text) {
    find(id).textContent = text;
    find(id).hidden = text === "";
  }

  #takeSchema(schema) {
    const before = this.#schema;
    this.#schema = schema;
    this.#live.clear();
    if (this.#mode === "zoom") this.#setMode("live");
    find("ring-facts").textContent = `${schema.type || "a type without a name"}, ${schema.record_bytes} bytes, ` +
      `${short(Number(schema.slots))} slots` + (schema.lanes > 1 ? ` in ${schema.lanes} lanes` : "") +
      (schema.along === "time" ? "; charts along its time" : "; it has no time: charts along its sequence numbers") +
      (schema.problem ? `; ${schema.problem}` : "");
    this.newest.take(schema);
    if (before?.along !== schema.along) fillSpans(find("span"), schema.along);
    const names = schema.fields.map((field) => field.name);
    this.#chosen = this.#chosen.filter((name) => names.includes(name));
    if (this.#chosen.length === 0) this.#chosen = usualFields(schema.fields);
    fillFields(find("field-list"), schema.fields, this.#chosen, () => this.#chooseFields());
    find("fields").hidden = schema.fields.length === 0;
    this.#showCharts();
    this.watch();
  }

  #chooseFields() {
    const boxes = [...document.querySelectorAll("#field-list input")];
    this.#chosen = boxes.filter((box) => box.checked).map((box) => box.value).slice(0, kMostFields);
    for (const box of boxes) box.disabled = !box.checked && this.#chosen.length >= kMostFields;
    this.#showCharts();
    this.watch();
    if (this.#mode === "zoom") this.#zoom(this.#detail.from, this.#detail.to);
  }

  #showCharts() {
    const fields = this.#schema ? this.#schema.fields.filter((field) => this.#chosen.includes(field.name)) : [];
    this.#charts = fields.map((field, i) => this.#charts.find((chart) => chart.field === field) ??
      new Chart(field, `--series-${i % kColors}`, {
        point: (x) => this.#point(x),
        zoom: (from, to) => this.#zoom(from, to),
        key: (key, shift) => this.#key(key, shift),
      }));
    find("charts").replaceChildren(...this.#charts.map((chart) => chart.figure));
    this.distributions.show(fields);
  }

  #resized() {
    this.watch();
    this.redraw();
  }

  #point(x) {
    this.#crossAt = x;
    this.draw();
  }

  // The column that the crosshair is at goes on with the chart, unless it stands where the pointer is.
  #pointAgain() {
    const columns = this.#shown;
    const i = this.#crossAt === null ? -1 : columns.nearest(this.#crossAt);
    this.#cross = i < 0 ? null : columns.list[i];
    const text = this.#cross ? describeColumn(columns, this.#cross, this.#charts.map((chart) => chart.field)) :
      "Point at a chart, or move with the arrow keys, for exact values.";
    if (find("crosshair").textContent !== text) find("crosshair").textContent = text;
  }

  #key(key, shift) {
    const columns = this.#shown;
    const last = columns.list.length - 1;
    if (last < 0) return false;
    const step = shift ? 10 : 1;
    const now = this.#cross ? columns.list.indexOf(this.#cross) : last;
    const places = { ArrowLeft: now - step, ArrowRight: now + step, Home: 0, End: last };
    if (key in places) {
      this.#point(columns.list[Math.max(0, Math.min(last, places[key]))].x);
    } else if (key === "+" || key === "=") {
      this.#scale(0.5);
    } else if (key === "-") {
      this.#scale(2);
    } else if (key === "Escape") {
      this.#setMode("live");
      this.watch();
    } else {
      return false;
    }
    return true;
  }

  // Around the crosshair, or the middle.
  #scale(factor) {
    const { from, to } = this.#shown;
    const middle = this.#cross ? this.#cross.x : (from + to) / 2;
    this.#zoom(middle - ((middle - from) * factor), middle + ((to - middle) * factor));
  }

  #shift(part) {
    const { from, to } = this.#shown;
    this.#zoom(from + (to - from) * part, to + (to - from) * part);
  }

  // Both relative to what is shown.
  #zoom(from, to) {
    if (!(to > from)) return;
    const { origin, along } = this.#shown;
    const begin = placeOf(origin, from, along);
    const end = placeOf(origin, to, along);
    this.#ask(String(begin), String(end > begin ? end : begin + 1n));
  }

  #ask(from, to) {
    if (this.#name === null) return;
    if (this.#mode !== "zoom") {
      this.#setMode("zoom");
      this.#detail = this.#live;
      this.#live = new Columns();
      this.watch();
    }
    this.send({ op: "zoom", id: ++this.#detailId, ring: this.#name, ...this.#wish(), from, to });
  }

  #setMode(mode) {
    this.#mode = mode;
    this.#crossAt = null;
    find("pause").setAttribute("aria-pressed", String(mode === "paused"));
    find("pause").disabled = mode === "zoom";
    find("live").disabled = mode === "live";
    find("mode").textContent = mode === "paused" ? "Paused." : "";
    if (mode !== "zoom") this.#detail = new Columns();
  }

  #listen() {
    const on = (id, act) => find(id).addEventListener("click", act);
    on("pause", () => {
      this.#setMode(this.#mode === "paused" ? "live" : "paused");
      this.watch();
    });
    on("live", () => {
      this.#setMode("live");
      this.watch();
    });
    on("whole", () => this.#ask());
    on("zoom-in", () => this.#scale(0.5));
    on("zoom-out", () => this.#scale(2));
    on("earlier", () => this.#shift(-0.5));
    on("later", () => this.#shift(0.5));
    on("save", () => save(this.#name));
    find("span").addEventListener("change", () => {
      this.#setMode("live");
      this.watch();
    });
    find("capture-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = (id) => find(id).value.trim() || "0";
      save(this.#name, {
        before: typed("before"), after: typed("after"), when: find("when").value.trim(),
      });
    });
    find("filter-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#where = find("where").value.trim();
      this.#tell("filter-problem", "");
      this.#live.clear();
      this.#setMode("live");
      this.watch();
    });
  }
}
