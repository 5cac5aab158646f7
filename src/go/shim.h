// How Go calls the library: in one call of C each, which gives back all there is to know. Handles are numbers here, so
// that cgo has no pointers to check; an error is told in memory that errorOf frees.
#pragma once

#include <arena_shm/arena_shm.h>
#include <stdlib.h>
#include <string.h>

// What a call has ended with. `error` points to an arena_shm_error, and is 0 if there is none.
typedef struct {
  arena_shm_entry entry;
  uintptr_t error;
  int32_t status;
} go_result;

typedef struct {
  arena_shm_range range;
  uintptr_t error;
  int32_t status;
} go_range_result;

typedef struct {
  uintptr_t handle;
  uintptr_t error;
  int32_t status;
} go_opened;

typedef struct {
  size_t count;
  uintptr_t error;
  int32_t status;
} go_counted;

// It is large, and told to nobody if all is well. A thread is in one call at a time.
extern __thread arena_shm_error go_error __attribute__((visibility("hidden")));

// Keeps it for errorOf, which frees it.
uintptr_t go_tell(void) __attribute__((cold, visibility("hidden")));

#define GO_END(result, call)                     \
  do {                                           \
    const int32_t status = (call);               \
    (result).status = status;                    \
    (result).error = status < 0 ? go_tell() : 0; \
  } while (false)

// The body of a function: what `call` does is told in `result`, which is given back.
#define GO_RETURN(type, call) \
  type result = {0};          \
  GO_END(result, call);       \
  return result
#define GO_RESULT(call) GO_RETURN(go_result, call)
#define GO_OPENED(pointer, call)     \
  pointer* opened = NULL;            \
  go_opened result = {0};            \
  GO_END(result, call);              \
  result.handle = (uintptr_t)opened; \
  return result

#define GO_ARENA(handle) ((arena_shm_arena*)(handle))
#define GO_WRITER(handle) ((arena_shm_writer*)(handle))
#define GO_READER(handle) ((arena_shm_reader*)(handle))
#define GO_CONSUMER(handle) ((arena_shm_consumer*)(handle))
#define GO_SET(handle) ((arena_shm_wait_set*)(handle))

// Arenas.

typedef enum { GO_CREATE, GO_OPEN, GO_OPEN_OR_CREATE, GO_VIEW } go_act;

static inline go_opened go_arena(go_act act, const char* name, const arena_shm_record* record,
                                 const arena_shm_options* options) {
  GO_OPENED(arena_shm_arena, act == GO_CREATE ? arena_shm_create(name, record, options, &opened, &go_error)
                             : act == GO_OPEN ? arena_shm_open(name, record, &opened, &go_error)
                             : act == GO_VIEW ? arena_shm_view(name, record, &opened, &go_error)
                                              : arena_shm_open_or_create(name, record, options, &opened, &go_error));
}
static inline go_result go_remove(const char* name) { GO_RESULT(arena_shm_remove(name, &go_error)); }
static inline go_result go_info(uintptr_t arena, arena_shm_info* info) {
  GO_RESULT(arena_shm_get_info(GO_ARENA(arena), info, &go_error));
}
static inline void go_close(uintptr_t arena) { arena_shm_close(GO_ARENA(arena)); }
static inline uintptr_t go_ptr_at(uintptr_t arena, uint64_t i) {
  return (uintptr_t)arena_shm_ptr_at(GO_ARENA(arena), i);
}
static inline void go_alloc(uintptr_t arena, const char* value, size_t bytes, go_result* result) {
  GO_END(*result, arena_shm_alloc(GO_ARENA(arena), value, bytes, &result->entry, &go_error));
}
static inline void go_read(uintptr_t arena, uint64_t seq, char* value, size_t bytes, go_result* result) {
  GO_END(*result, arena_shm_read(GO_ARENA(arena), seq, value, bytes, &result->entry, &go_error));
}
static inline void go_latest(uintptr_t arena, char* value, size_t bytes, go_result* result) {
  GO_END(*result, arena_shm_latest(GO_ARENA(arena), value, bytes, &result->entry, &go_error));
}
static inline go_opened go_timescale(uintptr_t arena) {
  GO_OPENED(arena_shm_timescale, arena_shm_timescale_open(GO_ARENA(arena), &opened, &go_error));
}
static inline int64_t go_nanoseconds(uintptr_t scale, uint64_t time) {
  return arena_shm_nanoseconds((arena_shm_timescale*)scale, time);
}
static inline void go_timescale_close(uintptr_t scale) { arena_shm_timescale_close((arena_shm_timescale*)scale); }

// Writers.

static inline go_opened go_writer_open(uintptr_t arena, const char* holder) {
  GO_OPENED(arena_shm_writer, arena_shm_writer_open(GO_ARENA(arena), holder, &opened, &go_error));
}
static inline void go_writer_alloc(uintptr_t writer, const char* value, size_t bytes, go_result* result) {
  GO_END(*result, arena_shm_writer_alloc(GO_WRITER(writer), value, bytes, &result->entry, &go_error));
}
static inline void go_writer_try_alloc(uintptr_t writer, const char* value, size_t bytes, go_result* result) {
  GO_END(*result, arena_shm_writer_try_alloc(GO_WRITER(writer), value, bytes, &result->entry, &go_error));
}
static inline void go_writer_alloc_for(uintptr_t writer, int64_t timeout_ns, const char* value, size_t bytes,
                                       go_result* result) {
  GO_END(*result, arena_shm_writer_alloc_for(GO_WRITER(writer), timeout_ns, value, bytes, &result->entry, &go_error));
}
static inline go_range_result go_writer_alloc_many(uintptr_t writer, const char* values, size_t bytes) {
  GO_RETURN(go_range_result, arena_shm_writer_alloc_many(GO_WRITER(writer), values, bytes, &result.range, &go_error));
}
// As many as there is room for. ARENA_SHM_NOTHING: not all.
static inline go_range_result go_writer_try_many(uintptr_t writer, const char* values, size_t bytes, size_t count) {
  go_range_result result = {0};
  for (; count > 0; --count, values += bytes) {
    arena_shm_entry entry;
    GO_END(result, arena_shm_writer_try_alloc(GO_WRITER(writer), values, bytes, &entry, &go_error));
    if (result.status != ARENA_SHM_OK) break;
    if (result.range.count++ == 0) result.range.first = entry.seq;
    result.range.last = entry.seq;
  }
  return result;
}
static inline go_counted go_writer_blocked_by(uintptr_t writer, arena_shm_consumer_info* infos, size_t capacity) {
  GO_RETURN(go_counted, arena_shm_writer_blocked_by(GO_WRITER(writer), infos, capacity, &result.count, &go_error));
}
static inline void go_writer_close(uintptr_t writer) { arena_shm_writer_close(GO_WRITER(writer)); }
static inline uint32_t go_writer_seat(uintptr_t writer) { return arena_shm_writer_seat(GO_WRITER(writer)); }

// Records.

static inline go_counted go_schema(const arena_shm_field* fields, size_t count, uint64_t record_bytes, char* text,
                                   size_t capacity) {
  GO_RETURN(go_counted, arena_shm_schema(fields, count, record_bytes, text, capacity, &result.count, &go_error));
}

static inline uint64_t go_head(uintptr_t arena) { return arena_shm_head(GO_ARENA(arena)); }
static inline uint64_t go_count(uintptr_t arena) { return arena_shm_count(GO_ARENA(arena)); }
static inline bool go_retired(uintptr_t arena) { return arena_shm_retired(GO_ARENA(arena)); }
static inline bool go_has_writers(uintptr_t arena) { return arena_shm_has_writers(GO_ARENA(arena)); }
static inline void go_prefault(uintptr_t arena) { arena_shm_prefault(GO_ARENA(arena)); }
