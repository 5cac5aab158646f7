#include "c/convert.hpp"

using namespace arena_shm;
using namespace arena_shm::c;

namespace {

ConsumerOptions in_cpp(const arena_shm_consumer_options& options) {
  return {.share = options.share,
          .durable = options.durable,
          .from = from_of(options.from, options.seq),
          .release = options.explicitly ? Release::explicitly : Release::at_next_call,
          .hold = duration(options.hold_ns),
          .manner = enumerator<Manner>(options.manner, 2, "a number of arena_shm_manner"),
          .order = enumerator<Order>(options.order, 2, "a number of arena_shm_order")};
}

std::string_view name_of(const char* name) { return &deref(name, "name"); }

}  // namespace

arena_shm_status arena_shm_consumer_open(arena_shm_arena* arena, const char* name,
                                         const arena_shm_consumer_options* options, arena_shm_consumer** consumer,
                                         arena_shm_error* error) {
  return guarded(error, [&] {
    deref(consumer, "a place for the handle") = nullptr;
    constexpr arena_shm_consumer_options kDefaults = ARENA_SHM_CONSUMER_OPTIONS;
    const auto how = filled_in(options, kDefaults, "an arena_shm_consumer_options");
    *consumer = new arena_shm_consumer(writable(arena).consumer(name_of(name), in_cpp(how)), how.keep_gaps);
    return ARENA_SHM_OK;
  });
}

void arena_shm_consumer_close(arena_shm_consumer* consumer) { delete consumer; }

arena_shm_status arena_shm_consumer_next(arena_shm_consumer* consumer, void* value, std::size_t bytes,
                                         arena_shm_entry* entry, arena_shm_error* error) {
  return guarded(error, [&] {
    RawConsumer& raw = deref(consumer, "consumer").consumer;
    const auto seq = raw.next(bytes_at(value, bytes));
    if (!seq) return ARENA_SHM_NOTHING;
    set(entry, {*seq, raw.time(), raw.is_late(), raw.is_redelivered()});
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_consumer_next_many(arena_shm_consumer* consumer, void* values, std::size_t bytes,
                                              arena_shm_entry* entries, std::size_t capacity, std::size_t* count,
                                              arena_shm_error* error) {
  return guarded(error, [&] {
    std::size_t& taken = deref(count, "count");
    taken = 0;
    arena_shm_consumer& its = deref(consumer, "consumer");
    taken = its.consumer.next_batch(bytes_at(values, bytes), arrivals_of(entries, capacity, bytes, its.unwanted));
    return taken == 0 ? ARENA_SHM_NOTHING : ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_consumer_wait(arena_shm_consumer* consumer, std::int64_t timeout_ns,
                                         arena_shm_error* error) {
  return guarded(error, [&] {
    return deref(consumer, "consumer").consumer.wait_for(duration(timeout_ns)) ? ARENA_SHM_OK : ARENA_SHM_NOTHING;
  });
}

arena_shm_status arena_shm_consumer_release(arena_shm_consumer* consumer, arena_shm_error* error) {
  return guarded(error, [&] {
    deref(consumer, "consumer").consumer.release();
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_consumer_release_before(arena_shm_consumer* consumer, const std::uint64_t* end,
                                                   std::size_t lanes, arena_shm_error* error) {
  return guarded(error, [&] {
    deref(consumer, "consumer").consumer.release(position_at(end, lanes));
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_consumer_position(const arena_shm_consumer* consumer, std::uint64_t* next, std::size_t lanes,
                                             arena_shm_error* error) {
  return guarded(error, [&] {
    give(deref(consumer, "consumer").consumer.position(), next, lanes);
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_consumer_counts(const arena_shm_consumer* consumer, arena_shm_counts* counts,
                                           arena_shm_error* error) {
  return guarded(error, [&] {
    const RawConsumer& raw = deref(consumer, "consumer").consumer;
    arena_shm_counts result{};
    result.cursor = raw.cursor();
    result.lag = raw.lag();
    result.read = raw.read_count();
    result.overwritten = raw.overwritten_count();
    result.holes = raw.hole_count();
    result.awaited = raw.awaited_count();
    result.late = raw.late_count();
    result.redelivered = raw.redelivered_count();
    fill_in(counts, result, "an arena_shm_counts");
    return ARENA_SHM_OK;
  });
}

std::size_t arena_shm_consumer_gaps(arena_shm_consumer* consumer, arena_shm_gap* gaps, std::size_t capacity,
                                    std::uint64_t* dropped) {
  return consumer == nullptr ? 0 : consumer->gaps.take(gaps, capacity, dropped);
}

arena_shm_status arena_shm_consumers(const arena_shm_arena* arena, arena_shm_consumer_info* infos, std::size_t capacity,
                                     std::size_t* count, arena_shm_error* error) {
  return guarded(error, [&] {
    give(deref(arena, "arena").view.consumers(), infos, capacity, count);
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_evict_consumer(arena_shm_arena* arena, const char* name, arena_shm_error* error) {
  return guarded(error, [&] {
    writable(arena).evict_consumer(name_of(name));
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_remove_consumer(arena_shm_arena* arena, const char* name, arena_shm_error* error) {
  return guarded(error, [&] {
    writable(arena).remove_consumer(name_of(name));
    return ARENA_SHM_OK;
  });
}
