#include "c/convert.hpp"
#include "core/copy_bytes.hpp"

using namespace arena_shm;
using namespace arena_shm::c;

namespace {

/// The value that a caller gives to a writer.
[[gnu::always_inline]] inline core::CopyValueFrom copy_of(const arena_shm_writer& writer, const void* value,
                                                          std::size_t bytes) {
  core::check_size(bytes, writer.record_bytes);
  return core::CopyValueFrom(bytes_at(value, bytes));
}

[[gnu::always_inline]] inline void tell(arena_shm_entry* entry, const core::Written& written) noexcept {
  set(entry, {written.seq, written.time, false, false});
}

using Progress = core::WriterCore::Progress;

// What arena_shm_writer_alloc leaves to others.
[[gnu::noinline]] arena_shm_status alloc_in_full(arena_shm_writer* writer, const void* value, std::size_t bytes,
                                                 arena_shm_entry* entry, arena_shm_error* error) noexcept {
  return guarded(error, [&] {
    arena_shm_writer& its = deref(writer, "writer");
    tell(entry, its.core_->alloc(copy_of(its, value, bytes)));
    return ARENA_SHM_OK;
  });
}

[[gnu::noinline]] arena_shm_status alloc_from_number(arena_shm_writer* writer, const void* value, std::size_t bytes,
                                                     arena_shm_entry* entry, arena_shm_error* error,
                                                     std::uint64_t seq) noexcept {
  return guarded(error, [&] {
    tell(entry, writer->core_->alloc_from(seq, copy_of(*writer, value, bytes)));
    return ARENA_SHM_OK;
  });
}

[[gnu::noinline, gnu::cold]] arena_shm_status ring(arena_shm_writer* writer) noexcept {
  writer->core_->ring();
  return ARENA_SHM_OK;
}

}  // namespace

arena_shm_status arena_shm_writer_open(arena_shm_arena* arena, const char* holder, arena_shm_writer** writer,
                                       arena_shm_error* error) {
  return guarded(error, [&] {
    deref(writer, "a place for the handle") = nullptr;
    const RawArena& raw = writable(arena);
    *writer = new arena_shm_writer{core::WriterCore::Owner(new core::WriterCore(raw.share(), text_or_empty(holder))),
                                   raw.info().record.size_bytes};
    return ARENA_SHM_OK;
  });
}

void arena_shm_writer_close(arena_shm_writer* writer) { delete writer; }

arena_shm_status arena_shm_writer_alloc(arena_shm_writer* writer, const void* value, std::size_t bytes,
                                        arena_shm_entry* entry, arena_shm_error* error) {
  // Calls nothing but in its end: what is saved on the stack for after a call has to drain before the locked
  // instruction of the next append, and would make this one a third dearer.
  if (writer == nullptr || value == nullptr || bytes != writer->record_bytes) [[unlikely]]
    return alloc_in_full(writer, value, bytes, entry, error);
  std::uint64_t seq;
  const core::CopyValueFrom copy({static_cast<const std::byte*>(value), bytes});
  switch (writer->core_->alloc_alone(copy, seq)) {
    case Progress::nothing: return alloc_in_full(writer, value, bytes, entry, error);
    case Progress::numbered: return alloc_from_number(writer, value, bytes, entry, error, seq);
    case Progress::published: break;
  }
  tell(entry, {seq, 0});
  return writer->core_->is_awaited() ? ring(writer) : ARENA_SHM_OK;
}

arena_shm_status arena_shm_writer_try_alloc(arena_shm_writer* writer, const void* value, std::size_t bytes,
                                            arena_shm_entry* entry, arena_shm_error* error) {
  return guarded(error, [&] {
    arena_shm_writer& its = deref(writer, "writer");
    const auto written = its.core_->alloc_before(core::kDoNotWait, copy_of(its, value, bytes));
    if (!written) return ARENA_SHM_NOTHING;
    tell(entry, *written);
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_writer_alloc_for(arena_shm_writer* writer, std::int64_t timeout_ns, const void* value,
                                            std::size_t bytes, arena_shm_entry* entry, arena_shm_error* error) {
  return guarded(error, [&] {
    arena_shm_writer& its = deref(writer, "writer");
    const Duration timeout = duration(timeout_ns);
    const auto written = its.core_->alloc_before(core::deadline_in(timeout), copy_of(its, value, bytes));
    if (!written) its.core_->refuse_timeout(timeout);
    tell(entry, *written);
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_writer_alloc_many(arena_shm_writer* writer, const void* values, std::size_t bytes,
                                             arena_shm_range* range, arena_shm_error* error) {
  return guarded(
      error, [&]() __attribute__((always_inline)) {
        arena_shm_writer& its = deref(writer, "writer");
        const std::byte* from = bytes_at(values, bytes).data();
        // Divides by a size that is known where it can: else that takes as long as two appends.
        const SeqRange went = core::with_size(
            its.record_bytes, [&](auto size) __attribute__((always_inline)) {
              const std::size_t count = bytes / size;
              core::check_size(bytes, count * size, ", or other whole records");
              return its.core_->alloc_batch(count, core::CopyBytesFrom(from, size));
            });
        if (range != nullptr) *range = {went.first, went.last, went.count};
        return ARENA_SHM_OK;
      });
}

std::uint32_t arena_shm_writer_seat(const arena_shm_writer* writer) {
  return writer == nullptr ? 0 : writer->core_->hold().index();
}

arena_shm_status arena_shm_writer_blocked_by(const arena_shm_writer* writer, arena_shm_consumer_info* infos,
                                             std::size_t capacity, std::size_t* count, arena_shm_error* error) {
  return guarded(error, [&] {
    give(deref(writer, "writer").core_->blocked_by(), infos, capacity, count);
    return ARENA_SHM_OK;
  });
}
