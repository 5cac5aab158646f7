// What the crosshair says of one column: exact.

import { placeOf, placeText, valueText } from "./format.js";

const kLosses = ["overwritten", "in holes", "passed over"];

export function describeColumn(columns, column, fields) {
  const place = placeText(placeOf(columns.origin, column.x, columns.along), columns.along);
  const lines = [];
  if (column.n === 1) lines.push(`${place}${columns.along === "time" ? `, seq ${column.seq}` : ""}`);
  else lines.push(`from ${place}, ${column.n} values${column.n > 0 ? ` from seq ${column.seq} on` : ""}`);
  for (const field of fields) {
    const series = columns.fields.indexOf(field.name);
    if (series < 0) continue;
    const least = column.least[series];
    const greatest = column.greatest[series];
    const odd = column.odd[series] ? `${least === null ? "" : ", "}${column.odd[series]} not finite` : "";
    const range = least === null ? (odd ? "" : "no number") :
      least === greatest ? valueText(least, field) : `${valueText(least, field)} to ${valueText(greatest, field)}`;
    lines.push(`${field.name}: ${range}${odd}`);
  }
  if (column.lost) {
    const parts = column.lost.map((count, i) => (count ? `${count} ${kLosses[i]}` : "")).filter(Boolean);
    lines.push(`lost before: ${parts.join(", ")}`);
  }
  return lines.join("\n");
}
