#include <algorithm>
#include <vector>

#include "c/convert.hpp"

using namespace arena_shm;
using namespace arena_shm::c;

namespace {

arena_shm_reader_options checked(const arena_shm_reader_options* given) {
  constexpr arena_shm_reader_options kDefaults = ARENA_SHM_READER_OPTIONS;
  return filled_in(given, kDefaults, "an arena_shm_reader_options");
}

ReaderOptions in_cpp(const arena_shm_reader_options& options) {
  return {.manner = enumerator<Manner>(options.manner, 2, "a number of arena_shm_manner"),
          .hold = duration(options.hold_ns),
          .doorbell = options.doorbell,
          .order = enumerator<Order>(options.order, 2, "a number of arena_shm_order")};
}

}  // namespace

arena_shm_status arena_shm_reader_open(const arena_shm_arena* arena, const arena_shm_reader_options* options,
                                       arena_shm_reader** reader, arena_shm_error* error) {
  return guarded(error, [&] {
    deref(reader, "a place for the handle") = nullptr;
    const auto how = checked(options);
    *reader =
        new arena_shm_reader(deref(arena, "arena").view.reader(from_of(how.from, how.seq), in_cpp(how)), how.keep_gaps);
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_reader_open_at(const arena_shm_arena* arena, const std::uint64_t* next, std::size_t lanes,
                                          const arena_shm_reader_options* options, arena_shm_reader** reader,
                                          arena_shm_error* error) {
  return guarded(error, [&] {
    deref(reader, "a place for the handle") = nullptr;
    const auto how = checked(options);
    const RawView& view = deref(arena, "arena").view;
    *reader = new arena_shm_reader(view.reader(position_at(next, lanes), in_cpp(how)), how.keep_gaps);
    return ARENA_SHM_OK;
  });
}

void arena_shm_reader_close(arena_shm_reader* reader) { delete reader; }

arena_shm_status arena_shm_reader_next(arena_shm_reader* reader, void* value, std::size_t bytes, arena_shm_entry* entry,
                                       arena_shm_error* error) {
  return guarded(error, [&] {
    RawReader& raw = deref(reader, "reader").reader;
    const auto seq = raw.next(bytes_at(value, bytes));
    if (!seq) return ARENA_SHM_NOTHING;
    set(entry, {*seq, raw.time(), raw.is_late(), false});
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_reader_next_many(arena_shm_reader* reader, void* values, std::size_t bytes,
                                            arena_shm_entry* entries, std::size_t capacity, std::size_t* count,
                                            arena_shm_error* error) {
  return guarded(error, [&] {
    std::size_t& taken = deref(count, "count");
    taken = 0;
    arena_shm_reader& its = deref(reader, "reader");
    taken = its.reader.next_batch(bytes_at(values, bytes), arrivals_of(entries, capacity, bytes, its.unwanted));
    return taken == 0 ? ARENA_SHM_NOTHING : ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_reader_wait(arena_shm_reader* reader, std::int64_t timeout_ns, arena_shm_error* error) {
  return guarded(error, [&] {
    return deref(reader, "reader").reader.wait_for(duration(timeout_ns)) ? ARENA_SHM_OK : ARENA_SHM_NOTHING;
  });
}

arena_shm_status arena_shm_reader_seek(arena_shm_reader* reader, arena_shm_from from, std::uint64_t seq,
                                       arena_shm_error* error) {
  return guarded(error, [&] {
    deref(reader, "reader").reader.seek(from_of(from, seq));
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_reader_position(const arena_shm_reader* reader, std::uint64_t* next, std::size_t lanes,
                                           arena_shm_error* error) {
  return guarded(error, [&] {
    give(deref(reader, "reader").reader.position(), next, lanes);
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_reader_counts(const arena_shm_reader* reader, arena_shm_counts* counts,
                                         arena_shm_error* error) {
  return guarded(error, [&] {
    const RawReader& raw = deref(reader, "reader").reader;
    arena_shm_counts result{};
    result.cursor = raw.cursor();
    result.lag = raw.lag();
    result.read = raw.read_count();
    result.overwritten = raw.overwritten_count();
    result.holes = raw.hole_count();
    result.passed_over = raw.passed_over_count();
    fill_in(counts, result, "an arena_shm_counts");
    return ARENA_SHM_OK;
  });
}

std::size_t arena_shm_reader_gaps(arena_shm_reader* reader, arena_shm_gap* gaps, std::size_t capacity,
                                  std::uint64_t* dropped) {
  return reader == nullptr ? 0 : reader->gaps.take(gaps, capacity, dropped);
}

bool arena_shm_reader_is_exact(const arena_shm_reader* reader) {
  return reader != nullptr && reader->reader.is_exact();
}
