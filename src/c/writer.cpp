#include "c/convert.hpp"

using namespace arena_shm;
using namespace arena_shm::c;

arena_shm_status arena_shm_writer_open(arena_shm_arena* arena, const char* holder, arena_shm_writer** writer,
                                       arena_shm_error* error) {
  return guarded(error, [&] {
    deref(writer, "a place for the handle") = nullptr;
    *writer = new arena_shm_writer{writable(arena).writer(text_or_empty(holder))};
    return ARENA_SHM_OK;
  });
}

void arena_shm_writer_close(arena_shm_writer* writer) { delete writer; }

arena_shm_status arena_shm_writer_alloc(arena_shm_writer* writer, const void* value, std::size_t bytes,
                                        arena_shm_entry* entry, arena_shm_error* error) {
  return guarded(error, [&] {
    RawWriter& raw = deref(writer, "writer").writer;
    const std::uint64_t seq = raw.alloc(bytes_at(value, bytes));
    set(entry, {seq, raw.time(), false, false});
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_writer_try_alloc(arena_shm_writer* writer, const void* value, std::size_t bytes,
                                            arena_shm_entry* entry, arena_shm_error* error) {
  return guarded(error, [&] {
    RawWriter& raw = deref(writer, "writer").writer;
    const auto seq = raw.try_alloc(bytes_at(value, bytes));
    if (!seq) return ARENA_SHM_NOTHING;
    set(entry, {*seq, raw.time(), false, false});
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_writer_alloc_for(arena_shm_writer* writer, std::int64_t timeout_ns, const void* value,
                                            std::size_t bytes, arena_shm_entry* entry, arena_shm_error* error) {
  return guarded(error, [&] {
    RawWriter& raw = deref(writer, "writer").writer;
    const std::uint64_t seq = raw.alloc_for(duration(timeout_ns), bytes_at(value, bytes));
    set(entry, {seq, raw.time(), false, false});
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_writer_alloc_many(arena_shm_writer* writer, const void* values, std::size_t bytes,
                                             arena_shm_range* range, arena_shm_error* error) {
  return guarded(error, [&] {
    const SeqRange went = deref(writer, "writer").writer.alloc_batch(bytes_at(values, bytes));
    if (range != nullptr) *range = {went.first, went.last, went.count};
    return ARENA_SHM_OK;
  });
}

std::uint32_t arena_shm_writer_seat(const arena_shm_writer* writer) {
  return writer == nullptr ? 0 : writer->writer.seat();
}

arena_shm_status arena_shm_writer_blocked_by(const arena_shm_writer* writer, arena_shm_consumer_info* infos,
                                             std::size_t capacity, std::size_t* count, arena_shm_error* error) {
  return guarded(error, [&] {
    give(deref(writer, "writer").writer.blocked_by(), infos, capacity, count);
    return ARENA_SHM_OK;
  });
}
