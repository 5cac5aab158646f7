// A stream as apache-arrow writes it again: the same columns and metadata, in its own messages.
import { readFileSync, writeFileSync } from "node:fs";
import { RecordBatchReader, RecordBatchStreamWriter, Table } from "apache-arrow";

const [from, to] = process.argv.slice(2);
const batches = [...RecordBatchReader.from(readFileSync(from))];
writeFileSync(to, RecordBatchStreamWriter.writeAll(new Table(batches)).toUint8Array(true));
