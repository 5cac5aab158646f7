/* Consumers: readers of a lossless arena that the writers wait for. */
#ifndef ARENA_SHM_C_CONSUMER_H
#define ARENA_SHM_C_CONSUMER_H

#include "arena_shm/c/arena.h"
#include "arena_shm/c/reader.h"
#include "arena_shm/c/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Has a name, and a place among the arena's consumers, until it is closed, or its process dies. */
typedef struct arena_shm_consumer arena_shm_consumer;

/** How a consumer consumes. */
typedef struct arena_shm_consumer_options {
  size_t size;             /**< sizeof(arena_shm_consumer_options) */
  arena_shm_from from;     /**< where a name begins that was not there */
  uint64_t seq;            /**< ARENA_SHM_FROM_SEQ: there */
  arena_shm_manner manner; /**< how soon it has to have each value */
  arena_shm_order order;   /**< of the values of several lanes */
  int64_t hold_ns;         /**< later values are held back so long for one whose writer has stopped */
  uint32_t keep_gaps;      /**< so many gaps are kept for arena_shm_consumer_gaps */
  bool share;              /**< join the group of that name: each value goes to one of its members */
  bool durable;            /**< the writers wait for it also while nobody has its name */
  bool explicitly;         /**< values are done with when arena_shm_consumer_release is called; else at the next call */
} arena_shm_consumer_options;

/** An initialiser with the defaults: from the newest value on, alone. */
#define ARENA_SHM_CONSUMER_OPTIONS                                                                                  \
  {                                                                                                                 \
    sizeof(arena_shm_consumer_options), ARENA_SHM_FROM_NEWEST, 0, ARENA_SHM_LATENCY, ARENA_SHM_BY_ARRIVAL, 1000000, \
        64, false, false, false                                                                                     \
  }

/** Does a consumer live? */
typedef enum arena_shm_consumer_life {
  ARENA_SHM_CONSUMER_ALIVE = 0,  /**< somebody has its name */
  ARENA_SHM_CONSUMER_AWAY = 1,   /**< durable, and nobody has its name */
  ARENA_SHM_CONSUMER_EVICTED = 2 /**< writers do not wait for it any more */
} arena_shm_consumer_life;

/** Whom a name of consumers stands for. */
typedef enum arena_shm_consumer_kind {
  ARENA_SHM_CONSUMER_ALONE = 0, /**< gets every value */
  ARENA_SHM_CONSUMER_GROUP = 1, /**< its members share the values */
  ARENA_SHM_CONSUMER_MEMBER = 2 /**< of a group, whose name it has */
} arena_shm_consumer_kind;

/** What an arena tells about one of its consumers. */
typedef struct arena_shm_consumer_info {
  char name[40];                /**< its name; of a member, its group's */
  char process[24];             /**< what the kernel calls its process; empty, if it cannot be told */
  arena_shm_consumer_kind kind; /**< alone, group or member */
  arena_shm_consumer_life life; /**< alive, away or evicted */
  uint32_t index;               /**< its place among the arena's consumers */
  uint32_t group;               /**< of a member: its group's place */
  uint32_t members;             /**< of a group: so many live */
  uint32_t pid;                 /**< who has the name, or had it last */
  bool durable;                 /**< the writers wait for it also while nobody has its name */
  bool in_the_way;              /**< there is no room in the ring, or in some lane, because of it */
  uint64_t holds;               /**< of a member: values that it has taken, and is not done with */
  uint64_t position;            /**< all below it are done with */
  uint64_t lag;                 /**< values that were handed out and are not done with */
  int64_t stalled_ns;           /**< a writer has been waiting for it for so long */
} arena_shm_consumer_info;

/** Joins. From then on writers overwrite nothing that it has not done with.
 * @param arena a lossless one, and not a view
 * @param name its name, 1 to 32 bytes; which no other living consumer has, unless it shares
 * @param options how; null: ARENA_SHM_CONSUMER_OPTIONS
 * @param consumer gets the handle; null after an error
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_INVALID_ARGUMENT, TABLE_FULL, OBSTRUCTED, ALREADY_EXISTS, PERMISSION_DENIED */
ARENA_SHM_API arena_shm_status arena_shm_consumer_open(arena_shm_arena* arena, const char* name,
                                                       const arena_shm_consumer_options* options,
                                                       arena_shm_consumer** consumer, arena_shm_error* error);
/** Leaves.
 * @param consumer may be null */
ARENA_SHM_API void arena_shm_consumer_close(arena_shm_consumer* consumer);

/** Copies the next value; what it got before is done with, unless it releases explicitly. Never waits.
 * @param consumer the consumer
 * @param value gets the value
 * @param bytes its size: the record's
 * @param entry gets what comes with it; may be null
 * @param error what went wrong
 * @return ARENA_SHM_NOTHING: there is none now. Errors: ARENA_SHM_E_EVICTED, once for each time that it was evicted */
ARENA_SHM_API arena_shm_status arena_shm_consumer_next(arena_shm_consumer* consumer, void* value, size_t bytes,
                                                       arena_shm_entry* entry, arena_shm_error* error);
/** Copies as many values as there are; of a group, 15 at most.
 * @param consumer the consumer
 * @param values gets them, one record after the other
 * @param bytes its size: `capacity` records
 * @param entries gets what comes with each; may be null
 * @param capacity how many at most, > 0
 * @param count gets how many there were
 * @param error what went wrong
 * @return ARENA_SHM_NOTHING: there are none now. Errors: as arena_shm_consumer_next */
ARENA_SHM_API arena_shm_status arena_shm_consumer_next_many(arena_shm_consumer* consumer, void* values, size_t bytes,
                                                            arena_shm_entry* entries, size_t capacity, size_t* count,
                                                            arena_shm_error* error);
/** Waits until there is a value. What it got before is done with.
 * @param consumer the consumer
 * @param timeout_ns for so long at most
 * @param error what went wrong
 * @return ARENA_SHM_NOTHING: the time is over */
ARENA_SHM_API arena_shm_status arena_shm_consumer_wait(arena_shm_consumer* consumer, int64_t timeout_ns,
                                                       arena_shm_error* error);
/** All that it has got is done with: writers may overwrite it.
 * @param consumer the consumer
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_consumer_release(arena_shm_consumer* consumer, arena_shm_error* error);
/** What it has got before a place is done with; the rest stays as it is. For what is done with in order, and later than
 * it was got, as when it is acknowledged from elsewhere. Nothing, if that was released before.
 * @param consumer one that releases explicitly, and does not share
 * @param end for each lane, the number from which on it is not done: as arena_shm_consumer_position told it
 * @param lanes how many
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_INVALID_ARGUMENT, if it is no position in this arena; of a group */
ARENA_SHM_API arena_shm_status arena_shm_consumer_release_before(arena_shm_consumer* consumer, const uint64_t* end,
                                                                 size_t lanes, arena_shm_error* error);
/** Where it is: behind what it has got. Of a group: where that is.
 * @param consumer the consumer
 * @param next gets for each lane the next number it wants
 * @param lanes how many: those of the arena
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_INVALID_ARGUMENT */
ARENA_SHM_API arena_shm_status arena_shm_consumer_position(const arena_shm_consumer* consumer, uint64_t* next,
                                                           size_t lanes, arena_shm_error* error);
/** What became of the values.
 * @param consumer the consumer
 * @param counts gets it; its `size` is set already
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_consumer_counts(const arena_shm_consumer* consumer, arena_shm_counts* counts,
                                                         arena_shm_error* error);
/** As arena_shm_reader_gaps: of what was lost for ever.
 * @param consumer the consumer
 * @param gaps gets them
 * @param capacity how many at most
 * @param dropped gets how many others there have been; may be null
 * @return how many there are in `gaps` */
ARENA_SHM_API size_t arena_shm_consumer_gaps(arena_shm_consumer* consumer, arena_shm_gap* gaps, size_t capacity,
                                             uint64_t* dropped);

/** Those that writers wait for, and those that were evicted and have not come back.
 * @param arena the arena
 * @param infos gets them; a group before its members
 * @param capacity how many at most; 256 are always enough
 * @param count gets how many there are; more than `capacity`: the rest is not in `infos`
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_consumers(const arena_shm_arena* arena, arena_shm_consumer_info* infos,
                                                   size_t capacity, size_t* count, arena_shm_error* error);
/** Those that leave no room for a writer's next value. Parameters: as arena_shm_consumers.
 * @param writer the writer
 * @param infos gets them
 * @param capacity how many at most
 * @param count gets how many there are
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_writer_blocked_by(const arena_shm_writer* writer,
                                                           arena_shm_consumer_info* infos, size_t capacity,
                                                           size_t* count, arena_shm_error* error);
/** The writers wait no longer for a consumer, or group; or for a member, "NAME/INDEX". It is told.
 * @param arena not a view
 * @param name its name
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_NOT_FOUND */
ARENA_SHM_API arena_shm_status arena_shm_evict_consumer(arena_shm_arena* arena, const char* name,
                                                        arena_shm_error* error);
/** Forgets a durable consumer, or group, that is away.
 * @param arena not a view
 * @param name its name
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_NOT_FOUND; ALREADY_EXISTS, if somebody has the name */
ARENA_SHM_API arena_shm_status arena_shm_remove_consumer(arena_shm_arena* arena, const char* name,
                                                         arena_shm_error* error);

#ifdef __cplusplus
}
#endif

#endif
