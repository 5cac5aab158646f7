/* Writers: the lock-free way into an arena. */
#ifndef ARENA_SHM_C_WRITER_H
#define ARENA_SHM_C_WRITER_H

#include "arena_shm/c/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Owns a seat of the arena. One for each thread. */
typedef struct arena_shm_writer arena_shm_writer;

/** For ever: in place of a number of nanoseconds. */
#define ARENA_SHM_FOREVER INT64_MAX

/** Where a batch went. Its values have growing numbers from first to last; those in between may be others'. */
typedef struct arena_shm_range {
  uint64_t first; /**< the number of the first value */
  uint64_t last;  /**< that of the last one */
  uint64_t count; /**< 0: first and last mean nothing */
} arena_shm_range;

/** Takes a seat.
 * @param arena not a view
 * @param holder what tools show beside the process id; null: nothing
 * @param writer gets the handle; null after an error
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_TABLE_FULL, OBSTRUCTED, PERMISSION_DENIED */
ARENA_SHM_API arena_shm_status arena_shm_writer_open(arena_shm_arena* arena, const char* holder,
                                                     arena_shm_writer** writer, arena_shm_error* error);
/** Gives the seat back.
 * @param writer may be null */
ARENA_SHM_API void arena_shm_writer_close(arena_shm_writer* writer);

/** Puts a value into the ring; over the oldest one if it is full. Lossless: waits for room, as long as it takes.
 * @param writer the writer
 * @param value the value
 * @param bytes its size: the record's
 * @param entry gets where it went; may be null
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_EXHAUSTED, CORRUPT, REENTERED, WOULD_DEADLOCK */
ARENA_SHM_API arena_shm_status arena_shm_writer_alloc(arena_shm_writer* writer, const void* value, size_t bytes,
                                                      arena_shm_entry* entry, arena_shm_error* error);
/** The same, where it need not wait.
 * @param writer the writer
 * @param value the value
 * @param bytes its size: the record's
 * @param entry gets where it went; may be null
 * @param error what went wrong
 * @return ARENA_SHM_NOTHING: it would have had to wait, and the value is not in the ring */
ARENA_SHM_API arena_shm_status arena_shm_writer_try_alloc(arena_shm_writer* writer, const void* value, size_t bytes,
                                                          arena_shm_entry* entry, arena_shm_error* error);
/** The same; waits for room for a while.
 * @param writer the writer
 * @param timeout_ns for so long at most
 * @param value the value
 * @param bytes its size: the record's
 * @param entry gets where it went; may be null
 * @param error what went wrong
 * @return a status. Errors: also ARENA_SHM_E_TIMED_OUT, which names the consumer that is in the way */
ARENA_SHM_API arena_shm_status arena_shm_writer_alloc_for(arena_shm_writer* writer, int64_t timeout_ns,
                                                          const void* value, size_t bytes, arena_shm_entry* entry,
                                                          arena_shm_error* error);
/** Puts several values into the ring, in order, with one locked instruction for up to a lap of them.
 * @param writer the writer
 * @param values one record after the other
 * @param bytes of all of them
 * @param range gets where they went; may be null
 * @param error what went wrong
 * @return a status. Errors: as arena_shm_writer_alloc */
ARENA_SHM_API arena_shm_status arena_shm_writer_alloc_many(arena_shm_writer* writer, const void* values, size_t bytes,
                                                           arena_shm_range* range, arena_shm_error* error);
/** The seat it owns, as tools show it.
 * @param writer the handle
 * @return its number */
ARENA_SHM_API uint32_t arena_shm_writer_seat(const arena_shm_writer* writer);

#ifdef __cplusplus
}
#endif

#endif
