// Prints what @mcap/core sees in a file, by its index or as a stream: channels, messages, statistics, as JSON. Of a file
// that was cut off the streaming reader gives what is whole.
import { open } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { McapIndexedReader, McapStreamReader } from "@mcap/core";

const [how, path] = process.argv.slice(2);
const text = (bytes) => new TextDecoder().decode(bytes);
const seen = { channels: {}, schemas: {}, messages: [], opcodes: {} };

function note(record) {
  seen.opcodes[record.type] = (seen.opcodes[record.type] ?? 0) + 1;
  if (record.type === "Channel") {
    seen.channels[record.id] = {
      topic: record.topic,
      encoding: record.messageEncoding,
      schema: record.schemaId,
      metadata: Object.fromEntries(record.metadata),
    };
  }
  if (record.type === "Schema")
    seen.schemas[record.id] = { name: record.name, encoding: record.encoding, data: text(record.data) };
  if (record.type === "Message")
    seen.messages.push([record.channelId, record.sequence, record.logTime.toString(), text(record.data)]);
}

if (how === "indexed") {
  const file = await open(path);
  const readable = {
    size: async () => BigInt((await file.stat()).size),
    read: async (offset, size) => {
      const bytes = new Uint8Array(Number(size));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, Number(offset));
      return bytes.subarray(0, bytesRead);
    },
  };
  const reader = await McapIndexedReader.Initialize({ readable });
  reader.channelsById.forEach(note);
  reader.schemasById.forEach(note);
  for await (const message of reader.readMessages({ validateCrcs: true })) note(message);
  const { messageCount, chunkCount, channelMessageCounts } = reader.statistics;
  seen.statistics = {
    messages: Number(messageCount),
    chunks: chunkCount,
    counts: Object.fromEntries([...channelMessageCounts].map(([id, count]) => [id, Number(count)])),
  };
  await file.close();
} else {
  const reader = new McapStreamReader({ validateCrcs: true });
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at += 65536) {
    reader.append(bytes.subarray(at, at + 65536));
    for (let record = reader.nextRecord(); record; record = reader.nextRecord()) note(record);
  }
  seen.done = reader.done();
}
console.log(JSON.stringify(seen));
