/* Waiting for several readers, consumers and writers at once. */
#ifndef ARENA_SHM_C_WAIT_SET_H
#define ARENA_SHM_C_WAIT_SET_H

#include "arena_shm/c/consumer.h"
#include "arena_shm/c/reader.h"
#include "arena_shm/c/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Readers and consumers, which are ready when they have a value; and writers of lossless arenas, which are ready when
 * arena_shm_writer_try_alloc would find room. One that is closed leaves its set. */
typedef struct arena_shm_wait_set arena_shm_wait_set;

/** Makes an empty set.
 * @param set gets the handle; null after an error
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_wait_set_open(arena_shm_wait_set** set, arena_shm_error* error);
/** Closes it; those in it go on.
 * @param set may be null */
ARENA_SHM_API void arena_shm_wait_set_close(arena_shm_wait_set* set);

/** Adds one.
 * @param set the set
 * @param reader the reader
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_INVALID_ARGUMENT, if it is in a set already */
ARENA_SHM_API arena_shm_status arena_shm_wait_set_add_reader(arena_shm_wait_set* set, arena_shm_reader* reader,
                                                             arena_shm_error* error);
/** Adds one.
 * @param set the set
 * @param consumer the consumer
 * @param error what went wrong
 * @return as arena_shm_wait_set_add_reader */
ARENA_SHM_API arena_shm_status arena_shm_wait_set_add_consumer(arena_shm_wait_set* set, arena_shm_consumer* consumer,
                                                               arena_shm_error* error);
/** Adds one. Take it out while there is nothing to write: it is ready most of the time.
 * @param set the set
 * @param writer the writer
 * @param error what went wrong
 * @return as arena_shm_wait_set_add_reader */
ARENA_SHM_API arena_shm_status arena_shm_wait_set_add_writer(arena_shm_wait_set* set, arena_shm_writer* writer,
                                                             arena_shm_error* error);
/** Takes one out, if it is in this set.
 * @param set the handle
 * @param reader the handle */
ARENA_SHM_API void arena_shm_wait_set_remove_reader(arena_shm_wait_set* set, arena_shm_reader* reader);
/** Takes one out, if it is in this set.
 * @param set the handle
 * @param consumer the handle */
ARENA_SHM_API void arena_shm_wait_set_remove_consumer(arena_shm_wait_set* set, arena_shm_consumer* consumer);
/** Takes one out, if it is in this set.
 * @param set the handle
 * @param writer the handle */
ARENA_SHM_API void arena_shm_wait_set_remove_writer(arena_shm_wait_set* set, arena_shm_writer* writer);

/** Waits until one of them is ready. Signals do not end it.
 * @param set the set
 * @param timeout_ns for so long at most; with 0, and less, it looks once
 * @param error what went wrong
 * @return ARENA_SHM_OK: one was, a moment ago; ARENA_SHM_NOTHING: the time is over */
ARENA_SHM_API arena_shm_status arena_shm_wait_set_wait(arena_shm_wait_set* set, int64_t timeout_ns,
                                                       arena_shm_error* error);
/** Was this one found to be ready, when the newest wait returned? Others may be, too: ask them.
 * @param set the handle
 * @param reader the handle
 * @return whether */
ARENA_SHM_API bool arena_shm_wait_set_is_reader_ready(const arena_shm_wait_set* set, const arena_shm_reader* reader);
/** The same.
 * @param set the handle
 * @param consumer the handle
 * @return whether */
ARENA_SHM_API bool arena_shm_wait_set_is_consumer_ready(const arena_shm_wait_set* set,
                                                        const arena_shm_consumer* consumer);
/** The same.
 * @param set the handle
 * @param writer the handle
 * @return whether */
ARENA_SHM_API bool arena_shm_wait_set_is_writer_ready(const arena_shm_wait_set* set, const arena_shm_writer* writer);

/** A descriptor for poll(2), owned by the set: readable when there may be something. To use it: wait with 0 and take
 * all values, until that is ARENA_SHM_NOTHING; then poll. The first call starts a thread, which sleeps for it.
 * @param set the set
 * @param fd gets it
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_SYSTEM */
ARENA_SHM_API arena_shm_status arena_shm_wait_set_fd(arena_shm_wait_set* set, int* fd, arena_shm_error* error);

#ifdef __cplusplus
}
#endif

#endif
