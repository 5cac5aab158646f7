/* Readers: follow an arena, and account for every value that they do not deliver. */
#ifndef ARENA_SHM_C_READER_H
#define ARENA_SHM_C_READER_H

#include "arena_shm/c/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A private cursor. Registers nowhere. */
typedef struct arena_shm_reader arena_shm_reader;

/** Where to begin. */
typedef enum arena_shm_from {
  ARENA_SHM_FROM_OLDEST = 0, /**< the oldest value that can be read */
  ARENA_SHM_FROM_NEWEST = 1, /**< the first value that is handed out from now on */
  ARENA_SHM_FROM_SEQ = 2     /**< the one with a number; in lanes, of each the first one that is not below it */
} arena_shm_from;

/** How a reader follows a writer that it has caught up with. */
typedef enum arena_shm_manner {
  ARENA_SHM_LATENCY = 0,   /**< each value soonest */
  ARENA_SHM_THROUGHPUT = 1 /**< lets some values come first: hardly slows the writer */
} arena_shm_manner;

/** In what order a reader takes the values of several lanes. */
typedef enum arena_shm_order {
  ARENA_SHM_BY_ARRIVAL = 0, /**< lanes by turns, each in its own order */
  ARENA_SHM_BY_TIME = 1     /**< in order of time across all lanes; of arenas with times, laned or exclusive */
} arena_shm_order;

/** How a reader follows. */
typedef struct arena_shm_reader_options {
  size_t size;             /**< sizeof(arena_shm_reader_options) */
  arena_shm_from from;     /**< where it begins */
  uint64_t seq;            /**< ARENA_SHM_FROM_SEQ: there */
  arena_shm_manner manner; /**< how soon it has to have each value */
  arena_shm_order order;   /**< of the values of several lanes */
  int64_t hold_ns;         /**< later values are held back so long for one whose writer lives and does not publish it */
  uint32_t keep_gaps;      /**< so many gaps are kept for arena_shm_reader_gaps */
  bool doorbell;           /**< sleep on the arena's doorbell, if it may be written; else poll */
} arena_shm_reader_options;

/** An initialiser with the defaults: from the oldest value on. */
#define ARENA_SHM_READER_OPTIONS                                                                                      \
  {                                                                                                                   \
    sizeof(arena_shm_reader_options), ARENA_SHM_FROM_OLDEST, 0, ARENA_SHM_LATENCY, ARENA_SHM_BY_ARRIVAL, 1000000, 64, \
        true                                                                                                          \
  }

/** Why a value was not delivered. */
typedef enum arena_shm_loss {
  ARENA_SHM_LOST_OVERWRITTEN = 0, /**< a later value took its slot before the reader came */
  ARENA_SHM_LOST_HOLE = 1,        /**< its writer died or skipped it */
  ARENA_SHM_LOST_PASSED_OVER = 2  /**< its writer lives, and took too long; or the reader was slow and jumped ahead */
} arena_shm_loss;

/** A run of values that were not delivered, all for the same reason: first, first + step, ..., last. */
typedef struct arena_shm_gap {
  uint64_t first;       /**< the lowest number */
  uint64_t last;        /**< the highest */
  uint64_t step;        /**< the number of lanes */
  arena_shm_loss cause; /**< why */
} arena_shm_gap;

/** What became of the values. For each lane, and so in sum:
 * cursor - first = read + overwritten + holes + passed_over + awaited */
typedef struct arena_shm_counts {
  size_t size;          /**< sizeof(arena_shm_counts), set by the caller */
  uint64_t cursor;      /**< the next number it wants; in lanes, the lowest of those */
  uint64_t lag;         /**< values handed out, and neither delivered nor lost */
  uint64_t read;        /**< values that were delivered */
  uint64_t overwritten; /**< ARENA_SHM_LOST_OVERWRITTEN */
  uint64_t holes;       /**< ARENA_SHM_LOST_HOLE */
  uint64_t passed_over; /**< of a reader */
  uint64_t awaited;     /**< of a consumer: gone on without, and still to come */
  uint64_t late;        /**< of a consumer: of those read, so many came late */
  uint64_t redelivered; /**< of a consumer that shares: of those read, so many another one may have had */
} arena_shm_counts;

/** Begins to follow.
 * @param arena the arena
 * @param options where and how; null: ARENA_SHM_READER_OPTIONS
 * @param reader gets the handle; null after an error
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_INVALID_ARGUMENT */
ARENA_SHM_API arena_shm_status arena_shm_reader_open(const arena_shm_arena* arena,
                                                     const arena_shm_reader_options* options, arena_shm_reader** reader,
                                                     arena_shm_error* error);
/** Begins where another one was, in the same segment.
 * @param arena the arena
 * @param next for each lane, the next number it wants: from arena_shm_reader_position
 * @param lanes how many
 * @param options how; its `from` does not count. Null: ARENA_SHM_READER_OPTIONS
 * @param reader gets the handle; null after an error
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_INVALID_ARGUMENT */
ARENA_SHM_API arena_shm_status arena_shm_reader_open_at(const arena_shm_arena* arena, const uint64_t* next,
                                                        size_t lanes, const arena_shm_reader_options* options,
                                                        arena_shm_reader** reader, arena_shm_error* error);
/** Closes it.
 * @param reader may be null */
ARENA_SHM_API void arena_shm_reader_close(arena_shm_reader* reader);

/** Copies the next value; skips and counts what is lost. Never waits.
 * @param reader the reader
 * @param value gets the value
 * @param bytes its size: the record's
 * @param entry gets what comes with it; may be null
 * @param error what went wrong
 * @return ARENA_SHM_NOTHING: there is none now */
ARENA_SHM_API arena_shm_status arena_shm_reader_next(arena_shm_reader* reader, void* value, size_t bytes,
                                                     arena_shm_entry* entry, arena_shm_error* error);
/** Copies as many values as there are.
 * @param reader the reader
 * @param values gets them, one record after the other
 * @param bytes its size: `capacity` records
 * @param entries gets what comes with each; may be null
 * @param capacity how many at most, > 0
 * @param count gets how many there were
 * @param error what went wrong
 * @return ARENA_SHM_NOTHING: there are none now */
ARENA_SHM_API arena_shm_status arena_shm_reader_next_many(arena_shm_reader* reader, void* values, size_t bytes,
                                                          arena_shm_entry* entries, size_t capacity, size_t* count,
                                                          arena_shm_error* error);
/** Waits until there is a value: first spinning, then asleep. Signals do not end it.
 * @param reader the reader
 * @param timeout_ns for so long at most; with 0, and less, it looks once
 * @param error what went wrong
 * @return ARENA_SHM_OK: there was one a moment ago; ARENA_SHM_NOTHING: the time is over */
ARENA_SHM_API arena_shm_status arena_shm_reader_wait(arena_shm_reader* reader, int64_t timeout_ns,
                                                     arena_shm_error* error);

/** Goes elsewhere. The counters go on from what they are; what lies between is neither read nor lost.
 * @param reader the reader
 * @param from where to
 * @param seq ARENA_SHM_FROM_SEQ: there
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_reader_seek(arena_shm_reader* reader, arena_shm_from from, uint64_t seq,
                                                     arena_shm_error* error);
/** Where it is, for arena_shm_reader_open_at: also in another process, and later.
 * @param reader the reader
 * @param next gets, for each lane, the next number it wants
 * @param lanes how many: the arena's
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_INVALID_ARGUMENT, if the arena has not so many lanes */
ARENA_SHM_API arena_shm_status arena_shm_reader_position(const arena_shm_reader* reader, uint64_t* next, size_t lanes,
                                                         arena_shm_error* error);
/** What became of the values.
 * @param reader the reader
 * @param counts gets it; its `size` is set already
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_reader_counts(const arena_shm_reader* reader, arena_shm_counts* counts,
                                                       arena_shm_error* error);
/** The runs of values that were lost since the last call, oldest first. A run that lies before a value in its lane was
 * noticed before that was delivered.
 * @param reader the reader
 * @param gaps gets them
 * @param capacity how many at most; what is left comes at the next call
 * @param dropped gets how many others there have been for which `keep_gaps` was too small, the oldest; their values are
 * counted all the same. May be null
 * @return how many there are in `gaps` */
ARENA_SHM_API size_t arena_shm_reader_gaps(arena_shm_reader* reader, arena_shm_gap* gaps, size_t capacity,
                                           uint64_t* dropped);
/** Is it certain that in ARENA_SHM_BY_TIME nothing comes that is older than what has come before, but marked late?
 * @param reader the handle
 * @return whether */
ARENA_SHM_API bool arena_shm_reader_is_exact(const arena_shm_reader* reader);

#ifdef __cplusplus
}
#endif

#endif
