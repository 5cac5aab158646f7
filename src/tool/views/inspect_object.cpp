#include "tool/views/inspect_object.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "arena_shm/core/mutex.hpp"
#include "arena_shm/timescale.hpp"
#include "schema/record_formatter.hpp"
#include "schema/schema.hpp"
#include "tool/views/consumer_table.hpp"
#include "tool/views/seat_table.hpp"

namespace arena_shm::tool {

namespace {

using terminal::or_null;

terminal::JsonObject file_object(const Inspection& in) {
  terminal::JsonObject object;
  object["name"] = in.image.label();
  object["path"] = in.image.path();
  object["is_live"] = in.image.is_live();
  object["is_usable"] = in.facts.usable;
  object["file_bytes"] = in.facts.file_bytes;
  object["mode"] = fmt::format("{:04o}", in.image.mode());
  object["owner"] = in.image.owner();
  return object;
}

terminal::JsonObject regions_object(const core::Header& header) {
  terminal::JsonObject object;
  for (const auto& [name, region] : regions(header)) {
    object[name] = {{"offset_bytes", region.offset_bytes}, {"size_bytes", region.size_bytes}};
  }
  return object;
}

terminal::JsonObject mutex_object(const inspect::Facts& facts) {
  if (!facts.mutex) return nullptr;
  const std::uint32_t owner = core::mutex_owner(*facts.mutex);
  terminal::JsonObject object;
  object["state"] = owner == 0 ? "free" : core::mutex_is_reserved(*facts.mutex) ? "reserved" : "held";
  object["seat"] = owner == 0 ? terminal::JsonObject() : terminal::JsonObject(owner - 1);
  object["is_waited_for"] = (*facts.mutex & core::kMutexWaiters) != 0;
  return object;
}

terminal::JsonObject seats_array(const Inspection& in) {
  terminal::JsonObject array = terminal::JsonObject::array();
  for (const inspect::SeatFacts& seat : in.seats.all) {
    if (seat.holder != inspect::Holder::never) array.push_back(seat_object(seat, in.facts, in.newest_times));
  }
  return array;
}

terminal::JsonObject consumers_array(const Inspection& in) {
  terminal::JsonObject array = terminal::JsonObject::array();
  for (const inspect::ConsumerFacts* consumer : in.consumers.in_order()) array.push_back(consumer_object(*consumer));
  return array;
}

terminal::JsonObject mappers_array(const inspect::Mappers& mappers) {
  terminal::JsonObject array = terminal::JsonObject::array();
  for (const inspect::Mapper& mapper : mappers.found) {
    array.push_back({{"pid", mapper.pid},
                     {"process", mapper.process.name},
                     {"process_state", to_string(mapper.process.state)},
                     {"writes", mapper.writes}});
  }
  return array;
}

// As it is stored. Bounded in size and depth, for it has become a schema.
terminal::JsonObject stored_schema(const inspect::Facts& facts) {
  return facts.schema ? terminal::JsonObject::parse(facts.info.record.schema) : terminal::JsonObject();
}

terminal::JsonObject value_object(const Inspection& in, const inspect::Value& value, bool quote_int64) {
  const std::span<const std::byte> bytes = shown_bytes(in, value);
  if (in.schema) {
    std::string line;
    schema::make_formatter(schema::Format::ndjson, &*in.schema, {.quote_int64 = quote_int64})
        ->record(line, value.seq, bytes);
    return terminal::JsonObject::parse(line);
  }
  std::string hex;
  for (const std::byte byte : bytes) hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  terminal::JsonObject object{{schema::kSeqColumn, value.seq}, {"hex", hex}};
  if (quote_int64) terminal::quote_integers(object);
  return object;
}

terminal::JsonObject newest_array(const Inspection& in, bool quote_int64) {
  const core::ClockFacts clock = core::clock_facts(in.facts.header);
  std::optional<Timescale> scale;
  if (inspect::is_timed(in.facts.header)) scale.emplace(clock);
  terminal::JsonObject array = terminal::JsonObject::array();
  for (const inspect::Value& value : in.newest) {
    const terminal::JsonObject object = value_object(in, value, quote_int64);
    terminal::JsonObject whole{{schema::kSeqColumn, object[schema::kSeqColumn]}};
    if (in.facts.info.writers == Writers::laned) whole["_lane"] = value.lane;
    if (scale) whole[schema::kTimeColumn] = scale->nanoseconds(value.time);
    if (quote_int64) terminal::quote_integers(whole);
    whole.update(object);
    array.push_back(std::move(whole));
  }
  return array;
}

}  // namespace

terminal::JsonObject damaged_object(const Inspection& in, bool quote_int64) {
  terminal::JsonObject object = file_object(in);
  object["problems"] = in.facts.problems;
  if (quote_int64) terminal::quote_integers(object);
  return object;
}

terminal::JsonObject whole_object(const Inspection& in, bool quote_int64) {
  const Info& info = in.facts.info;
  const bool is_live = in.image.is_live();
  terminal::JsonObject object = file_object(in);
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
  object["writers"] = writers_name(info);
  object["lanes"] = info.lanes;
  object["slots_per_lane"] = info.slots / info.lanes;
  object["regions"] = regions_object(in.facts.header);
  object["head"] = or_null(in.facts.head);
  object["handed_out"] = in.facts.head ? terminal::JsonObject(in.facts.heads.count()) : terminal::JsonObject();
  object["oldest"] = or_null(in.oldest);
  object["written"] = in.seats.values;
  object["skipped"] = in.seats.skipped;
  object["values_per_s"] = is_live ? terminal::JsonObject(in.values_per_second) : terminal::JsonObject();
  object["lap_s"] = or_null(lap_seconds(in));
  object["mutex"] = mutex_object(in.facts);
  object["reader_may_be_asleep"] =
      in.facts.doorbell ? terminal::JsonObject((*in.facts.doorbell & 1) != 0) : terminal::JsonObject();
  object["clock"] = to_string(info.clock);
  object["clock_ticks_per_s"] =
      inspect::is_timed(in.facts.header) ? terminal::JsonObject(in.facts.header.ticks_per_second) : nullptr;
  object["newest_time_ns"] = or_null(in.newest_times.latest());
  object["newest_age_ns"] = or_null(inspect::newest_age_ns(in.image, in.facts, in.facts.heads, in.newest_times));
  object["seat_count"] = in.facts.header.seat_count;
  object["seats"] = seats_array(in);
  object["mappers"] = is_live ? mappers_array(in.mappers) : terminal::JsonObject();
  object["mappers_unreadable"] = is_live ? terminal::JsonObject(in.mappers.unreadable_count) : terminal::JsonObject();
  const bool is_lossless = info.full == Full::wait;
  add_blocker(object, info, blocker_of(in.consumers));
  object["consumer_count"] = info.consumers;
  object["patience_ns"] = is_lossless ? terminal::JsonObject(info.patience.count()) : nullptr;
  object["consumers"] = is_lossless ? consumers_array(in) : terminal::JsonObject();
  if (quote_int64) terminal::quote_integers(object);
  object["schema"] = stored_schema(in.facts);
  object["newest"] = newest_array(in, quote_int64);
  object["problems"] = in.facts.problems;
  return object;
}

}  // namespace arena_shm::tool
