// What a chart shows: columns along it, each with the least and the greatest number of every series.

export class Columns {
  constructor() {
    this.clear();
  }

  clear() {
    this.list = []; // in their order
    this.fields = [];
    this.along = "seq";
    this.origin = "0";
    this.from = 0; // what is shown, relative to the origin
    this.to = 1;
    this.width = 0; // of a column; 0: they are single values
    this.unit = 1; // of their `at`
  }

  /// Live columns: those that have changed since the message before, or all.
  take(message) {
    if (message.reset) this.clear();
    this.along = message.along;
    this.origin = message.origin;
    this.fields = message.fields;
    this.width = message.width;
    this.unit = message.width;
    this.to = message.end + (message.along === "time" ? 0 : 1);
    this.from = this.to - message.span;
    for (const column of columnsOf(message, message.width)) this.#put(column);
    const first = this.list.findIndex((column) => column.x + this.width >= this.from);
    if (first > 0) this.list.splice(0, first);
  }

  /// A part of what the ring holds.
  takeDetail(detail) {
    this.clear();
    this.along = detail.along;
    this.origin = detail.origin;
    this.fields = detail.fields;
    this.from = detail.from;
    this.to = detail.to;
    this.list = columnsOf(detail, 1);
    this.width = detail.width;
  }

  #put(column) {
    const list = this.list;
    let i = list.length;
    while (i > 0 && list[i - 1].at > column.at) --i;
    if (i > 0 && list[i - 1].at === column.at) list[i - 1] = column;
    else list.splice(i, 0, column);
  }

  /// The place of the column that is nearest, or -1.
  nearest(x) {
    let low = 0;
    let high = this.list.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.list[middle].x <= x) low = middle;
      else high = middle;
    }
    if (high < 0) return -1;
    return Math.abs(this.list[high].x - x) < Math.abs(this.list[low].x - x) ? high : low;
  }

  /// Of one series, over all that is shown: the exact least and greatest, and how many numbers are not finite.
  extremes(series) {
    const result = { least: null, greatest: null, odd: 0, count: 0 };
    for (const column of this.list) {
      if (column.x + this.width < this.from || column.x > this.to) continue;
      result.count += column.n;
      result.odd += column.odd[series] ?? 0;
      if (column.least[series] == null) continue;
      const least = column.least[series];
      const greatest = column.greatest[series];
      if (result.least === null || isLess(least, result.least)) result.least = least;
      if (result.greatest === null || isLess(result.greatest, greatest)) result.greatest = greatest;
    }
    return result;
  }
}

// Integers of 64 bits are texts, and are compared as what they are; rounded only where that is enough.
function isLess(a, b) {
  const rounded = Number(a) - Number(b);
  return rounded === 0 && typeof a === "string" ? BigInt(a) < BigInt(b) : rounded < 0;
}

function columnsOf(message, unit) {
  const count = message.fields.length;
  const pick = (lists, i) => Array.from({ length: count }, (_, k) => lists[k][i]);
  const number = (value) => (value === null ? NaN : Number(value));
  const list = message.at.map((at, i) => {
    const least = pick(message.least, i);
    const greatest = pick(message.greatest, i);
    return {
      at, x: at * unit, n: message.n[i], seq: message.seq[i], least, greatest, odd: pick(message.odd, i),
      low: least.map(number), high: greatest.map(number), lost: null,
    };
  });
  for (const [i, ...lost] of message.lost) list[i].lost = lost;
  return list;
}
