// The newest values, and what became of others.

const kMostMarks = 100;
const kClasses = { "overwritten": "overwritten", "hole": "hole", "passed over": "passed" };

function cell(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

export class Newest {
  constructor(table) {
    this.head = table.tHead;
    this.body = table.tBodies[0];
  }

  take(schema) {
    const row = document.createElement("tr");
    const names = ["seq", ...(schema.along === "time" ? ["time"] : []), ...schema.columns];
    row.append(...names.map((name) => {
      const head = cell("th", name);
      head.scope = "col";
      return head;
    }));
    this.head.replaceChildren(row);
    this.body.replaceChildren();
  }

  /// Newest first.
  show(rows) {
    this.body.replaceChildren(...rows.slice().reverse().map((value) => {
      const row = document.createElement("tr");
      row.append(cell("td", value.seq), ...(value.time === undefined ? [] : [cell("td", value.time)]),
        ...value.cells.map((text) => cell("td", text)));
      return row;
    }));
  }
}

export class Marks {
  constructor(list, counts) {
    this.list = list;
    this.counts = counts;
  }

  clear() {
    this.list.replaceChildren();
    this.counts.textContent = "";
  }

  take(marks) {
    for (const mark of marks) {
      const item = cell("li", mark.time ? `${mark.time}  ${mark.text}` : mark.text);
      item.className = kClasses[mark.kind] ?? "";
      this.list.prepend(item);
    }
    while (this.list.children.length > kMostMarks) this.list.lastChild.remove();
  }

  count(counts) {
    this.counts.textContent = `${counts.read} values read; ${counts.overwritten} overwritten before they were read, ` +
      `${counts.hole} holes, ${counts["passed over"]} passed over.`;
  }
}
