#include "recording/mcap/channels.hpp"

namespace arena_shm::recording::mcap {

void put_channel(std::string& out, const NewChannel& channel) {
  std::string schema;
  put(schema, channel.id);
  put_text(schema, channel.type);
  put_text(schema, "jsonschema");
  put_text(schema, channel.schema);
  put_record(out, Opcode::schema, schema);
  std::string content;
  put(content, channel.id);
  put(content, channel.id);  // of the schema
  put_text(content, channel.topic);
  put_text(content, "json");
  put_map(content, channel.notes);
  put_record(out, Opcode::channel, content);
}

std::string records_of(std::string_view records, Opcode opcode) {
  std::string found;
  FieldReader fields(records);
  while (!fields.rest().empty()) {
    const std::string_view begin = fields.rest();
    const auto its = fields.take<std::uint8_t>();
    const auto bytes = fields.take<std::uint64_t>();
    if (!bytes || !fields.take_bytes(*bytes)) break;
    if (*its == static_cast<std::uint8_t>(opcode)) found += begin.substr(0, kRecordPrefixBytes + *bytes);
  }
  return found;
}

std::optional<Channel> parse_channel(std::string_view content) {
  FieldReader fields(content);
  const auto id = fields.take<std::uint16_t>();
  const auto schema = fields.take<std::uint16_t>();
  const auto topic = fields.take_text();
  const auto encoding = fields.take_text();
  const auto notes = fields.take_map();
  if (!id || !schema || !topic || !encoding || !notes) return std::nullopt;
  return Channel{.id = *id, .topic = std::string(*topic), .encoding = std::string(*encoding), .notes = *notes};
}

}  // namespace arena_shm::recording::mcap
