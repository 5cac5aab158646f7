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

  /// Newest first. Rows and cells stay where they are, and get other texts.
  show(rows) {
    const body = this.body;
    while (body.rows.length > rows.length) body.rows[body.rows.length - 1].remove();
    rows.slice().reverse().forEach((value, i) => {
      const row = body.rows[i] ?? body.insertRow();
      const texts = [value.seq, ...(value.time === undefined ? [] : [value.time]), ...value.cells];
      while (row.cells.length > texts.length) row.lastChild.remove();
      texts.forEach((text, k) => {
        const place = row.cells[k] ?? row.insertCell();
        if (place.textContent !== text) place.textContent = text;
      });
    });
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

  /// `apart`: values that are in no chart, because of their times.
  count(counts, apart) {
    this.counts.textContent = `${counts.read} values read; ${counts.overwritten} overwritten before they were read, ` +
      `${counts.hole} holes, ${counts["passed over"]} passed over.` +
      (apart > 0 ? ` ${apart} with a time far ahead of all others are not drawn.` : "");
  }
}
