#include "tool/inspect_object.hpp"

#include <fmt/format.h>

#include "arena_shm/core/mutex.hpp"
#include "schema/record_formatter.hpp"
#include "tool/seat_table.hpp"

namespace arena_shm::tool {

namespace {

template <class T>
JsonObject or_null(const std::optional<T>& value) {
  return value ? JsonObject(*value) : JsonObject();
}

JsonObject file_object(const Inspection& in) {
  JsonObject object;
  object["name"] = in.image.label();
  object["path"] = in.image.path();
  object["is_live"] = in.image.is_live();
  object["is_usable"] = in.facts.usable;
  object["file_bytes"] = in.facts.file_bytes;
  object["mode"] = fmt::format("{:04o}", in.image.mode());
  object["owner"] = in.image.owner();
  return object;
}

JsonObject regions_object(const core::Header& header) {
  JsonObject object;
  for (const auto& [name, region] : regions(header)) {
    object[name] = {{"offset_bytes", region.offset_bytes}, {"size_bytes", region.size_bytes}};
  }
  return object;
}

JsonObject mutex_object(const inspect::Facts& facts) {
  if (!facts.mutex) return nullptr;
  const std::uint32_t owner = core::mutex_owner(*facts.mutex);
  JsonObject object;
  object["state"] = owner == 0 ? "free" : core::mutex_is_reserved(*facts.mutex) ? "reserved" : "held";
  object["seat"] = owner == 0 ? JsonObject() : JsonObject(owner - 1);
  object["is_waited_for"] = (*facts.mutex & core::kMutexWaiters) != 0;
  return object;
}

JsonObject seats_array(const Inspection& in) {
  JsonObject array = JsonObject::array();
  for (const inspect::SeatFacts& seat : in.seats.all) {
    if (seat.holder != inspect::Holder::never) array.push_back(seat_object(seat, in.facts));
  }
  return array;
}

JsonObject mappers_array(const inspect::Mappers& mappers) {
  JsonObject array = JsonObject::array();
  for (const inspect::Mapper& mapper : mappers.found) {
    array.push_back({{"pid", mapper.pid},
                     {"process", mapper.process.name},
                     {"process_state", to_string(mapper.process.state)},
                     {"writes", mapper.writes}});
  }
  return array;
}

// As it is stored. Bounded in size and depth, for it has become a schema.
JsonObject stored_schema(const inspect::Facts& facts) {
  return facts.schema ? JsonObject::parse(facts.info.record.schema) : JsonObject();
}

JsonObject newest_array(const Inspection& in) {
  JsonObject array = JsonObject::array();
  for (const inspect::Value& value : in.newest) {
    const std::span<const std::byte> bytes = shown_bytes(in, value);
    if (in.schema) {
      std::string line;
      schema::make_formatter(schema::Format::ndjson, &*in.schema)->record(line, value.seq, bytes);
      array.push_back(JsonObject::parse(line));
    } else {
      std::string hex;
      for (const std::byte byte : bytes) hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
      array.push_back({{schema::kSeqColumn, value.seq}, {"hex", hex}});
    }
  }
  return array;
}

}  // namespace

JsonObject damaged_object(const Inspection& in) {
  JsonObject object = file_object(in);
  object["problems"] = in.facts.problems;
  return object;
}

JsonObject whole_object(const Inspection& in) {
  const Info& info = in.facts.info;
  const bool is_live = in.image.is_live();
  JsonObject object = file_object(in);
  object["layout_version"] = info.layout_version;
  object["epoch"] = epoch_text(info);
  object["created_ns"] = info.created_ns;
  object["creator_pid"] = info.creator_pid;
  object["type"] = info.record.name;
  object["record_bytes"] = info.record.size_bytes;
  object["align_bytes"] = info.record.align_bytes;
  object["slots"] = info.slots;
  object["stride_bytes"] = info.stride_bytes;
  object["segment_bytes"] = info.segment_bytes;
  object["is_exclusive"] = info.writers == Writers::exclusive;
  object["regions"] = regions_object(in.facts.header);
  object["head"] = or_null(in.facts.head);
  object["oldest"] = or_null(in.oldest);
  object["written"] = in.seats.values;
  object["skipped"] = in.seats.skipped;
  object["values_per_s"] = is_live ? JsonObject(in.values_per_second) : JsonObject();
  object["lap_s"] = or_null(lap_seconds(in));
  object["mutex"] = mutex_object(in.facts);
  object["reader_may_be_asleep"] = in.facts.doorbell ? JsonObject((*in.facts.doorbell & 1) != 0) : JsonObject();
  object["seat_count"] = in.facts.header.seat_count;
  object["seats"] = seats_array(in);
  object["mappers"] = is_live ? mappers_array(in.mappers) : JsonObject();
  object["mappers_unreadable"] = is_live ? JsonObject(in.mappers.unreadable_count) : JsonObject();
  object["schema"] = stored_schema(in.facts);
  object["newest"] = newest_array(in);
  object["problems"] = in.facts.problems;
  return object;
}

}  // namespace arena_shm::tool
