// The same for readers, consumers and sets of them.
#pragma once

#include "shim.h"

static inline go_opened go_reader_open(uintptr_t arena, const uint64_t* next, size_t lanes,
                                       const arena_shm_reader_options* options) {
  GO_OPENED(arena_shm_reader,
            lanes == 0 ? arena_shm_reader_open(GO_ARENA(arena), options, &opened, &go_error)
                       : arena_shm_reader_open_at(GO_ARENA(arena), next, lanes, options, &opened, &go_error));
}
static inline void go_reader_close(uintptr_t reader) { arena_shm_reader_close(GO_READER(reader)); }
static inline void go_reader_next(uintptr_t reader, char* value, size_t bytes, go_result* result) {
  GO_END(*result, arena_shm_reader_next(GO_READER(reader), value, bytes, &result->entry, &go_error));
}
static inline go_counted go_reader_next_many(uintptr_t reader, char* values, size_t bytes, arena_shm_entry* entries,
                                             size_t capacity) {
  GO_RETURN(go_counted,
            arena_shm_reader_next_many(GO_READER(reader), values, bytes, entries, capacity, &result.count, &go_error));
}
static inline go_result go_reader_wait(uintptr_t reader, int64_t timeout_ns) {
  GO_RESULT(arena_shm_reader_wait(GO_READER(reader), timeout_ns, &go_error));
}
static inline go_result go_reader_seek(uintptr_t reader, arena_shm_from from, uint64_t seq) {
  GO_RESULT(arena_shm_reader_seek(GO_READER(reader), from, seq, &go_error));
}
static inline go_result go_reader_position(uintptr_t reader, uint64_t* next, size_t lanes) {
  GO_RESULT(arena_shm_reader_position(GO_READER(reader), next, lanes, &go_error));
}
static inline go_result go_reader_counts(uintptr_t reader, arena_shm_counts* counts) {
  GO_RESULT(arena_shm_reader_counts(GO_READER(reader), counts, &go_error));
}
static inline size_t go_reader_gaps(uintptr_t reader, arena_shm_gap* gaps, size_t capacity, uint64_t* dropped) {
  return arena_shm_reader_gaps(GO_READER(reader), gaps, capacity, dropped);
}

static inline go_opened go_consumer_open(uintptr_t arena, const char* name, const arena_shm_consumer_options* options) {
  GO_OPENED(arena_shm_consumer, arena_shm_consumer_open(GO_ARENA(arena), name, options, &opened, &go_error));
}
static inline void go_consumer_close(uintptr_t consumer) { arena_shm_consumer_close(GO_CONSUMER(consumer)); }
static inline void go_consumer_next(uintptr_t consumer, char* value, size_t bytes, go_result* result) {
  GO_END(*result, arena_shm_consumer_next(GO_CONSUMER(consumer), value, bytes, &result->entry, &go_error));
}
static inline go_counted go_consumer_next_many(uintptr_t consumer, char* values, size_t bytes, arena_shm_entry* entries,
                                               size_t capacity) {
  GO_RETURN(go_counted, arena_shm_consumer_next_many(GO_CONSUMER(consumer), values, bytes, entries, capacity,
                                                     &result.count, &go_error));
}
static inline go_result go_consumer_wait(uintptr_t consumer, int64_t timeout_ns) {
  GO_RESULT(arena_shm_consumer_wait(GO_CONSUMER(consumer), timeout_ns, &go_error));
}
static inline go_result go_consumer_release(uintptr_t consumer) {
  GO_RESULT(arena_shm_consumer_release(GO_CONSUMER(consumer), &go_error));
}
static inline go_result go_consumer_release_before(uintptr_t consumer, const uint64_t* end, size_t lanes) {
  GO_RESULT(arena_shm_consumer_release_before(GO_CONSUMER(consumer), end, lanes, &go_error));
}
static inline go_result go_consumer_position(uintptr_t consumer, uint64_t* next, size_t lanes) {
  GO_RESULT(arena_shm_consumer_position(GO_CONSUMER(consumer), next, lanes, &go_error));
}
static inline go_result go_consumer_counts(uintptr_t consumer, arena_shm_counts* counts) {
  GO_RESULT(arena_shm_consumer_counts(GO_CONSUMER(consumer), counts, &go_error));
}
static inline size_t go_consumer_gaps(uintptr_t consumer, arena_shm_gap* gaps, size_t capacity, uint64_t* dropped) {
  return arena_shm_consumer_gaps(GO_CONSUMER(consumer), gaps, capacity, dropped);
}
static inline go_counted go_consumers(uintptr_t arena, arena_shm_consumer_info* infos, size_t capacity) {
  GO_RETURN(go_counted, arena_shm_consumers(GO_ARENA(arena), infos, capacity, &result.count, &go_error));
}
static inline go_result go_evict_consumer(uintptr_t arena, const char* name) {
  GO_RESULT(arena_shm_evict_consumer(GO_ARENA(arena), name, &go_error));
}
static inline go_result go_remove_consumer(uintptr_t arena, const char* name) {
  GO_RESULT(arena_shm_remove_consumer(GO_ARENA(arena), name, &go_error));
}

// Sets. What a handle is tells `kind`.

typedef enum { GO_IS_WRITER, GO_IS_READER, GO_IS_CONSUMER } go_kind;

static inline go_opened go_set_open(void) {
  GO_OPENED(arena_shm_wait_set, arena_shm_wait_set_open(&opened, &go_error));
}
static inline void go_set_close(uintptr_t set) { arena_shm_wait_set_close(GO_SET(set)); }
static inline go_result go_set_add(uintptr_t set, go_kind kind, uintptr_t one) {
  GO_RESULT(kind == GO_IS_READER     ? arena_shm_wait_set_add_reader(GO_SET(set), GO_READER(one), &go_error)
            : kind == GO_IS_CONSUMER ? arena_shm_wait_set_add_consumer(GO_SET(set), GO_CONSUMER(one), &go_error)
                                     : arena_shm_wait_set_add_writer(GO_SET(set), GO_WRITER(one), &go_error));
}
static inline void go_set_remove(uintptr_t set, go_kind kind, uintptr_t one) {
  if (kind == GO_IS_READER) arena_shm_wait_set_remove_reader(GO_SET(set), GO_READER(one));
  if (kind == GO_IS_CONSUMER) arena_shm_wait_set_remove_consumer(GO_SET(set), GO_CONSUMER(one));
  if (kind == GO_IS_WRITER) arena_shm_wait_set_remove_writer(GO_SET(set), GO_WRITER(one));
}
static inline bool go_set_is_ready(uintptr_t set, go_kind kind, uintptr_t one) {
  return kind == GO_IS_READER     ? arena_shm_wait_set_is_reader_ready(GO_SET(set), GO_READER(one))
         : kind == GO_IS_CONSUMER ? arena_shm_wait_set_is_consumer_ready(GO_SET(set), GO_CONSUMER(one))
                                  : arena_shm_wait_set_is_writer_ready(GO_SET(set), GO_WRITER(one));
}
static inline go_result go_set_wait(uintptr_t set, int64_t timeout_ns) {
  GO_RESULT(arena_shm_wait_set_wait(GO_SET(set), timeout_ns, &go_error));
}
typedef struct {
  int fd;
  uintptr_t error;
  int32_t status;
} go_descriptor;
static inline go_descriptor go_set_fd(uintptr_t set) {
  GO_RETURN(go_descriptor, arena_shm_wait_set_fd(GO_SET(set), &result.fd, &go_error));
}

static inline bool go_reader_is_exact(uintptr_t reader) { return arena_shm_reader_is_exact(GO_READER(reader)); }
