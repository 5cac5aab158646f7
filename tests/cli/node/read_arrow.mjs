// Prints what apache-arrow sees in a stream: its schema, its batches' metadata, and every value, as JSON; integers as
// texts, floats as their bits, bytes as hex.
import { readFileSync } from "node:fs";
import { RecordBatchReader } from "apache-arrow";

const bits = new DataView(new ArrayBuffer(8));
function exact(value, type) {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && type.startsWith("Float")) {
    bits.setFloat64(0, value);
    return Number.isNaN(value) ? "nan" : bits.getBigUint64(0).toString(16).padStart(16, "0");
  }
  if (typeof value === "number") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return value;
}

function convert(value, field) {
  const type = field.type.toString();
  if (value === null) return null;
  if (field.type.children?.length && type.startsWith("Struct"))
    return Object.fromEntries(field.type.children.map((child) => [child.name, convert(value[child.name], child)]));
  if (type.startsWith("FixedSizeList"))
    return Array.from({ length: field.type.listSize }, (_, i) => convert(value.get(i), field.type.children[0]));
  return exact(value, type);
}

const reader = RecordBatchReader.from(readFileSync(process.argv[2]));
const seen = { batches: [], rows: [] };
for (const batch of reader) {
  seen.batches.push({ rows: batch.numRows });
  seen.metadata = Object.fromEntries(batch.schema.metadata);
  seen.fields = batch.schema.fields.map((field) => ({
    name: field.name,
    type: field.type.toString(),
    metadata: Object.fromEntries(field.metadata),
  }));
  for (const row of batch) {
    seen.rows.push(Object.fromEntries(batch.schema.fields.map((field) => [field.name, convert(row[field.name], field)])));
  }
}
console.log(JSON.stringify(seen));
