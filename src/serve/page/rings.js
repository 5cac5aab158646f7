// The table of all rings.

import { duration, short } from "./format.js";

const kNumbers = new Set([2, 4, 5, 6, 7, 8]);

export class Rings {
  #list = [];
  #current = null;
  #rows = new Map(); // by name: {row, cells, button}

  /// choose(name) is called when somebody chooses one.
  constructor(choose) {
    this.choose = choose;
    this.body = document.querySelector("#ring-table tbody");
    this.filter = document.querySelector("#ring-filter");
    this.none = document.querySelector("#no-rings");
    this.filter.addEventListener("input", () => this.#show());
  }


  take(list) {
    this.#list = list;
    this.#show();
  }

  select(name) {
    this.#current = name;
    this.#show();
  }

  #show() {
    const part = this.filter.value.toLowerCase();
    const shown = this.#list.filter((ring) => ring.name.toLowerCase().includes(part));
    const rows = shown.map((ring) => this.#rowOf(ring));
    const isSame = rows.length === this.body.children.length && rows.every((row, i) => row === this.body.children[i]);
    if (!isSame) this.body.replaceChildren(...rows); // else the focus stays where it is
    for (const name of this.#rows.keys()) {
      if (!this.#list.some((ring) => ring.name === name)) this.#rows.delete(name);
    }
    this.none.hidden = shown.length > 0;
    this.none.textContent = this.#list.length > 0 ? "No name has this in it." : "There is no ring.";
  }

  #rowOf(ring) {
    let known = this.#rows.get(ring.name);
    if (!known) {
      known = this.#newRow(ring.name);
      this.#rows.set(ring.name, known);
    }
    const seats = ring.seats;
    const texts = [
      null, ring.type || "?", ring.values_per_s == null ? "" : short(ring.values_per_s),
      seats ? `${seats.alive} alive` + (seats.dead ? `, ${seats.dead} dead` : "") : "", seats ? String(seats.all) : "",
      ring.written ?? "", ring.lost ?? "", ring.lap_s == null ? "" : duration(ring.lap_s),
      ring.newest_age_ns == null ? "" : duration(Number(ring.newest_age_ns) / 1e9), ring.health,
    ];
    texts.forEach((text, i) => {
      if (text !== null && known.cells[i].textContent !== text) known.cells[i].textContent = text;
    });
    known.cells[9].className = ring.health === "ok" ? "health" : "health alarm";
    known.row.setAttribute("aria-current", String(ring.name === this.#current));
    return known.row;
  }

  #newRow(name) {
    const row = document.createElement("tr");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "name";
    button.textContent = name;
    button.addEventListener("click", () => this.choose(name));
    const cells = Array.from({ length: 10 }, (_, i) => {
      const cell = document.createElement(i === 0 ? "th" : "td");
      if (i === 0) cell.scope = "row";
      if (kNumbers.has(i)) cell.className = "number";
      return cell;
    });
    cells[0].append(button);
    row.append(...cells);
    return { row, cells, button };
  }
}
