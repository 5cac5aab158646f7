#!/usr/bin/env bash
# An Arrow IPC file that apache-arrow for JavaScript writes has no schema message behind its magic.
#
# Version:  npm's apache-arrow 21.2.0, with Node.js 18 or newer.
# Guess:    the format's specification says that a file is the magic, two bytes of padding, the streaming format, and
#           a footer. So a reader may skip eight bytes and read the stream: its first message is the schema.
# Found:    tableToIPC(table, "file") begins with the first record batch. The schema stands in the footer alone. Read
#           as a file, by its footer, it is complete; read as magic and stream, it has no schema, and fails.
#           tableToIPC(table, "stream") begins with the schema, as it ought to.
# Matters:  whoever salvages an Arrow file that was cut off has only its beginning. A file of this writer that has lost
#           its footer says nothing of its columns, while a stream can be read up to the cut. Take .arrows, the stream,
#           for what may be cut off; and read files by their footers only.
#
# Output seen:
#   magic: ARROW1
#   the stream begins with: Schema
#   the file goes on with: RecordBatch
#   read as a file: 3 rows
#   read as magic and stream: an error
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent apache-arrow@21.2.0

cat >look.mjs <<'END'
import { MessageHeader, MessageReader, RecordBatchReader, tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";

const table = tableFromArrays({ px: new Float64Array([1, 2, 3]) });
const file = tableToIPC(table, "file");
const stream = tableToIPC(table, "stream");
const first = (bytes) => MessageHeader[new MessageReader(bytes).readMessage().headerType];
const kMagicBytes = 8;

console.log("magic:", Buffer.from(file.subarray(0, 6)).toString());
console.log("the stream begins with:", first(stream));
console.log("the file goes on with:", first(file.subarray(kMagicBytes)));
console.log("read as a file:", tableFromIPC(file).numRows, "rows");
let found = 0;
try {
  for (const batch of RecordBatchReader.from(file.subarray(kMagicBytes))) found += batch.numRows;
  console.log("read as magic and stream:", found, "rows");
} catch {
  console.log("read as magic and stream: an error");
}
END

expected='magic: ARROW1
the stream begins with: Schema
the file goes on with: RecordBatch
read as a file: 3 rows
read as magic and stream: an error'
found=$(node look.mjs)
echo "$found"
if [[ "$found" != "$expected" ]]; then
  echo "this has changed: see what is expected in $0" >&2
  exit 1
fi
