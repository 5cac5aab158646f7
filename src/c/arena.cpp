#include <algorithm>
#include <memory>
#include <string>

#include "arena_shm/core/header.hpp"
#include "c/convert.hpp"

using namespace arena_shm;
using namespace arena_shm::c;

namespace {

RecordType record_of(const arena_shm_record& given) {
  constexpr arena_shm_record kUnknown{sizeof(arena_shm_record), nullptr, 0, 8, nullptr};
  const auto record = filled_in(&given, kUnknown, "an arena_shm_record");
  return {std::string(text_or_empty(record.name)), record.size_bytes, record.align_bytes,
          std::string(text_or_empty(record.schema))};
}

Options options_of(const arena_shm_options* given) {
  constexpr arena_shm_options kDefaults = ARENA_SHM_OPTIONS;
  const auto options = filled_in(&deref(given, "options"), kDefaults, "an arena_shm_options");
  return {.slots = options.slots,
          .writers = enumerator<Writers>(options.writers, 3, "a number of arena_shm_writers"),
          .seats = options.seats,
          .mode = options.mode,
          .time = options.time,
          .full = enumerator<Full>(options.full, 2, "a number of arena_shm_full"),
          .consumers = options.consumers,
          .patience = duration(options.patience_ns)};
}

/// Makes a handle of what `open()` returns, if its records are of the type that is asked for, if one is.
template <class Open>
arena_shm_status open_as(const arena_shm_record* record, arena_shm_arena** arena, arena_shm_error* error,
                         Open&& open) noexcept {
  return guarded(error, [&] {
    deref(arena, "a place for the handle") = nullptr;
    auto handle = std::make_unique<arena_shm_arena>(open());
    const Info& info = handle->view.info();
    if (record != nullptr) core::check_record(info.name, record_of(*record), info.record);
    *arena = handle.release();
    return ARENA_SHM_OK;
  });
}

std::string_view name_of(const char* name) { return &deref(name, "name"); }

arena_shm_status status_of(ReadStatus status) noexcept {
  switch (status) {
    case ReadStatus::ok: return ARENA_SHM_OK;
    case ReadStatus::not_yet: return ARENA_SHM_NOT_YET;
    case ReadStatus::pending: return ARENA_SHM_PENDING;
    case ReadStatus::overwritten: return ARENA_SHM_OVERWRITTEN;
    case ReadStatus::hole: return ARENA_SHM_HOLE;
  }
  return ARENA_SHM_E_INTERNAL;
}

}  // namespace

arena_shm_status arena_shm_create(const char* name, const arena_shm_record* record, const arena_shm_options* options,
                                  arena_shm_arena** arena, arena_shm_error* error) {
  return open_as(nullptr, arena, error, [&] {
    return RawArena::create(name_of(name), record_of(deref(record, "record")), options_of(options));
  });
}

arena_shm_status arena_shm_open(const char* name, const arena_shm_record* record, arena_shm_arena** arena,
                                arena_shm_error* error) {
  return open_as(record, arena, error, [&] { return RawArena::open(name_of(name)); });
}

arena_shm_status arena_shm_open_or_create(const char* name, const arena_shm_record* record,
                                          const arena_shm_options* options, arena_shm_arena** arena,
                                          arena_shm_error* error) {
  return open_as(nullptr, arena, error, [&] {
    return RawArena::open_or_create(name_of(name), record_of(deref(record, "record")), options_of(options));
  });
}

arena_shm_status arena_shm_view(const char* name, const arena_shm_record* record, arena_shm_arena** arena,
                                arena_shm_error* error) {
  return open_as(record, arena, error, [&] { return RawView::open(name_of(name)); });
}

arena_shm_status arena_shm_remove(const char* name, arena_shm_error* error) {
  return guarded(error, [&] { return RawArena::remove(name_of(name)) ? ARENA_SHM_OK : ARENA_SHM_NOTHING; });
}

void arena_shm_close(arena_shm_arena* arena) { delete arena; }

arena_shm_status arena_shm_get_info(const arena_shm_arena* arena, arena_shm_info* info, arena_shm_error* error) {
  return guarded(error, [&] {
    const Info& found = deref(arena, "arena").view.info();
    arena_shm_info result{};
    result.name = found.name.c_str();
    result.record_name = found.record.name.c_str();
    result.schema = found.record.schema.c_str();
    result.record_bytes = found.record.size_bytes;
    result.record_align = found.record.align_bytes;
    result.slots = found.slots;
    result.lanes = found.lanes;
    result.seats = found.seats;
    result.writers = static_cast<arena_shm_writers>(found.writers);
    result.full = static_cast<arena_shm_full>(found.full);
    result.stride_bytes = found.stride_bytes;
    result.segment_bytes = found.segment_bytes;
    result.consumers = found.consumers;
    result.patience_ns = found.patience.count();
    result.created_ns = found.created_ns;
    result.creator_pid = found.creator_pid;
    result.layout_version = found.layout_version;
    std::copy(found.epoch.begin(), found.epoch.end(), result.epoch);
    result.has_time = found.clock != Clock::none;
    fill_in(info, result, "an arena_shm_info");
    return ARENA_SHM_OK;
  });
}

std::uint64_t arena_shm_head(const arena_shm_arena* arena) { return arena == nullptr ? 0 : arena->view.head(); }
std::uint64_t arena_shm_count(const arena_shm_arena* arena) { return arena == nullptr ? 0 : arena->view.count(); }
bool arena_shm_retired(const arena_shm_arena* arena) { return arena != nullptr && arena->view.retired(); }
bool arena_shm_has_writers(const arena_shm_arena* arena) { return arena != nullptr && arena->view.has_writers(); }
void arena_shm_prefault(const arena_shm_arena* arena) {
  if (arena != nullptr) arena->view.prefault();
}
const void* arena_shm_ptr_at(const arena_shm_arena* arena, std::uint64_t i) {
  return arena == nullptr ? nullptr : arena->view.ptr_at(i);
}

arena_shm_status arena_shm_read(const arena_shm_arena* arena, std::uint64_t seq, void* value, std::size_t bytes,
                                arena_shm_entry* entry, arena_shm_error* error) {
  return guarded(error, [&] {
    std::uint64_t time = 0;
    const ReadStatus status = deref(arena, "arena").view.read(seq, bytes_at(value, bytes), &time);
    if (status == ReadStatus::ok) set(entry, {seq, time, false, false});
    return status_of(status);
  });
}

arena_shm_status arena_shm_latest(const arena_shm_arena* arena, void* value, std::size_t bytes, arena_shm_entry* entry,
                                  arena_shm_error* error) {
  return guarded(error, [&] {
    std::uint64_t time = 0;
    const auto seq = deref(arena, "arena").view.latest(bytes_at(value, bytes), &time);
    if (!seq) return ARENA_SHM_NOTHING;
    set(entry, {*seq, time, false, false});
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_alloc(arena_shm_arena* arena, const void* value, std::size_t bytes, arena_shm_entry* entry,
                                 arena_shm_error* error) {
  return guarded(error, [&] {
    std::uint64_t time = 0;
    const std::uint64_t seq = writable(arena).alloc(bytes_at(value, bytes), &time);
    set(entry, {seq, time, false, false});
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_timescale_open(const arena_shm_arena* arena, arena_shm_timescale** scale,
                                          arena_shm_error* error) {
  return guarded(error, [&] {
    deref(scale, "a place for the handle") = nullptr;
    *scale = new arena_shm_timescale{deref(arena, "arena").view.timescale()};
    return ARENA_SHM_OK;
  });
}

std::int64_t arena_shm_nanoseconds(arena_shm_timescale* scale, std::uint64_t time) {
  return scale == nullptr ? 0 : scale->scale.nanoseconds(time);
}

void arena_shm_timescale_close(arena_shm_timescale* scale) { delete scale; }
