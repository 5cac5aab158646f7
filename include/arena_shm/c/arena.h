/* Arenas: making and opening them, reading single values, and the way in under a mutex. */
#ifndef ARENA_SHM_C_ARENA_H
#define ARENA_SHM_C_ARENA_H

#include "arena_shm/c/record.h"
#include "arena_shm/c/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An arena that this process has mapped; or a view of one, through which nothing can be written. */
typedef struct arena_shm_arena arena_shm_arena;

/** Who may write at a time. Chosen when the arena is made. */
typedef enum arena_shm_writers {
  ARENA_SHM_SHARED = 0,    /**< up to `seats` writers at once */
  ARENA_SHM_EXCLUSIVE = 1, /**< one at a time, faster */
  ARENA_SHM_LANED = 2      /**< up to `seats`, each with `slots` slots of its own */
} arena_shm_writers;

/** What becomes of a value when the ring is full. Chosen when the arena is made. */
typedef enum arena_shm_full {
  ARENA_SHM_OVERWRITE = 0, /**< a full ring overwrites its oldest value */
  ARENA_SHM_WAIT = 1       /**< lossless: writers wait for consumers */
} arena_shm_full;

/** How an arena is made. */
typedef struct arena_shm_options {
  size_t size;               /**< sizeof(arena_shm_options) */
  uint64_t slots;            /**< values the ring holds, exactly; laned: each lane; > 0 */
  arena_shm_writers writers; /**< shared, exclusive or laned */
  uint32_t seats;            /**< writers at once, 1 to 4096; exclusive arenas have one */
  uint32_t mode;             /**< permission bits; the umask does not apply */
  bool time;                 /**< each value gets the time of its append */
  arena_shm_full full;       /**< overwrite, or wait */
  uint32_t consumers;        /**< lossless: that may be registered at once, 1 to 256 */
  int64_t patience_ns;       /**< lossless: after so long a consumer that does nothing is evicted; 0: never */
} arena_shm_options;

/** An initialiser with the defaults; `slots` has to be set. */
#define ARENA_SHM_OPTIONS \
  { sizeof(arena_shm_options), 0, ARENA_SHM_SHARED, 64, 0600, false, ARENA_SHM_OVERWRITE, 8, 0 }

/** What comes with a value. */
typedef struct arena_shm_entry {
  uint64_t seq;     /**< its sequence number */
  uint64_t time;    /**< of its append, by the arena's clock (arena_shm_timescale); 0: the arena has no times */
  bool late;        /**< it comes after later ones */
  bool redelivered; /**< of a consumer that shares: another one may have had it */
} arena_shm_entry;

/** What a segment says about itself. */
typedef struct arena_shm_info {
  size_t size;               /**< sizeof(arena_shm_info), set by the caller */
  const char* name;          /**< valid until the arena is closed, as the other texts */
  const char* record_name;   /**< the type's; empty: unknown */
  const char* schema;        /**< JSON text as numpy.dtype reads it; empty: none */
  uint64_t record_bytes;     /**< the size of a value */
  uint64_t record_align;     /**< its alignment */
  uint64_t slots;            /**< of all lanes together */
  uint32_t lanes;            /**< 1, but in laned arenas */
  uint32_t seats;            /**< writers that may be attached at once */
  arena_shm_writers writers; /**< shared, exclusive or laned */
  arena_shm_full full;       /**< overwrite, or wait */
  uint64_t stride_bytes;     /**< from one slot to the next */
  uint64_t segment_bytes;    /**< the size of its file */
  uint32_t consumers;        /**< lossless: that may be registered at once */
  int64_t patience_ns;       /**< lossless: as arena_shm_options.patience_ns */
  int64_t created_ns;        /**< since 1970 */
  uint32_t creator_pid;      /**< as seen from its own namespace of processes */
  uint32_t layout_version;   /**< what its bytes mean */
  uint8_t epoch[16];         /**< random: two segments of one name differ in it */
  bool has_time;             /**< its values have times */
} arena_shm_info;

/** Makes an arena, with every page of it reserved.
 * @param name the arena's
 * @param record what its values are
 * @param options how it is made
 * @param arena gets the handle; null after an error
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_ALREADY_EXISTS, INVALID_NAME, INVALID_ARGUMENT, NO_SPACE, FILE_SIZE_LIMIT,
 * PERMISSION_DENIED */
ARENA_SHM_API arena_shm_status arena_shm_create(const char* name, const arena_shm_record* record,
                                                const arena_shm_options* options, arena_shm_arena** arena,
                                                arena_shm_error* error);
/** Opens one that exists, for reading and writing.
 * @param name the arena's
 * @param record what its values have to be; null: whatever they are
 * @param arena gets the handle; null after an error
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_NOT_FOUND, PERMISSION_DENIED, NOT_AN_ARENA, INCOMPATIBLE_TYPE,
 * INCOMPATIBLE_VERSION, TRUNCATED, CORRUPT */
ARENA_SHM_API arena_shm_status arena_shm_open(const char* name, const arena_shm_record* record, arena_shm_arena** arena,
                                              arena_shm_error* error);
/** Opens it, or makes it if it is not there; safe against a race of many. Parameters and errors: of both, and
 * ARENA_SHM_E_INCOMPATIBLE_OPTIONS, if it is there with others.
 * @param name the arena's
 * @param record what its values are
 * @param options how it is, or is made
 * @param arena gets the handle; null after an error
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_open_or_create(const char* name, const arena_shm_record* record,
                                                        const arena_shm_options* options, arena_shm_arena** arena,
                                                        arena_shm_error* error);
/** Opens one for reading only: needs read permission, and leaves no trace. Parameters and errors: as arena_shm_open.
 * @param name the arena's
 * @param record what its values have to be; null: whatever they are
 * @param arena gets the handle; null after an error
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_view(const char* name, const arena_shm_record* record, arena_shm_arena** arena,
                                              arena_shm_error* error);
/** Takes the name away. Handles go on working.
 * @param name the arena's
 * @param error what went wrong
 * @return ARENA_SHM_NOTHING: there was none */
ARENA_SHM_API arena_shm_status arena_shm_remove(const char* name, arena_shm_error* error);
/** Closes a handle. Writers, readers and consumers that were made with it go on.
 * @param arena may be null */
ARENA_SHM_API void arena_shm_close(arena_shm_arena* arena);

/** What the segment says about itself.
 * @param arena the arena
 * @param info gets it; its `size` is set already
 * @param error what went wrong
 * @return a status */
ARENA_SHM_API arena_shm_status arena_shm_get_info(const arena_shm_arena* arena, arena_shm_info* info,
                                                  arena_shm_error* error);
/** The next sequence number to be handed out: how many there have been. In a laned arena: what all are below.
 * @param arena the handle
 * @return the number */
ARENA_SHM_API uint64_t arena_shm_head(const arena_shm_arena* arena);
/** How many values have been handed out.
 * @param arena the handle
 * @return the number */
ARENA_SHM_API uint64_t arena_shm_count(const arena_shm_arena* arena);
/** Has the name been removed, or given to another segment? Cost: a system call.
 * @param arena the handle
 * @return whether */
ARENA_SHM_API bool arena_shm_retired(const arena_shm_arena* arena);
/** Does somebody hold a seat for writing?
 * @param arena the handle
 * @return whether */
ARENA_SHM_API bool arena_shm_has_writers(const arena_shm_arena* arena);
/** Maps all slots into this process now, rather than page by page when they are first touched.
 * @param arena the handle */
ARENA_SHM_API void arena_shm_prefault(const arena_shm_arena* arena);

/** The slot `i mod slots`, whatever is in it, without any synchronisation: the value may be torn, old or never written,
 * and may change while it is looked at. arena_shm_read is the safe way.
 * @param arena the handle
 * @param i any number
 * @return a place that is mapped until the arena is closed */
ARENA_SHM_API const void* arena_shm_ptr_at(const arena_shm_arena* arena, uint64_t i);

/** Copies the value with a sequence number: whole, or not at all. Never waits.
 * @param arena the arena
 * @param seq the number
 * @param value gets the value
 * @param bytes its size: the record's
 * @param entry gets what comes with it; may be null
 * @param error what went wrong
 * @return ARENA_SHM_OK, NOT_YET, PENDING, OVERWRITTEN or HOLE; or an error. What is in `value` counts with OK only */
ARENA_SHM_API arena_shm_status arena_shm_read(const arena_shm_arena* arena, uint64_t seq, void* value, size_t bytes,
                                              arena_shm_entry* entry, arena_shm_error* error);
/** Copies the newest value that is published. Never waits.
 * @param arena the arena
 * @param value gets the value
 * @param bytes its size: the record's
 * @param entry gets what comes with it; may be null
 * @param error what went wrong
 * @return ARENA_SHM_NOTHING: there is none */
ARENA_SHM_API arena_shm_status arena_shm_latest(const arena_shm_arena* arena, void* value, size_t bytes,
                                                arena_shm_entry* entry, arena_shm_error* error);
/** Puts a value into the ring under the interprocess mutex (in lanes: the handle's). Any thread of any process.
 * @param arena not a view
 * @param value the value
 * @param bytes its size: the record's
 * @param entry gets where it went; may be null
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_TABLE_FULL, OBSTRUCTED, EXHAUSTED, CORRUPT, REENTERED, WOULD_DEADLOCK */
ARENA_SHM_API arena_shm_status arena_shm_alloc(arena_shm_arena* arena, const void* value, size_t bytes,
                                               arena_shm_entry* entry, arena_shm_error* error);

/** Turns times of values into times of day. */
typedef struct arena_shm_timescale arena_shm_timescale;
/** What arena_shm_entry.time means.
 * @param arena one whose values have times
 * @param scale gets the handle
 * @param error what went wrong
 * @return a status. Errors: ARENA_SHM_E_INVALID_ARGUMENT, if the arena has no times */
ARENA_SHM_API arena_shm_status arena_shm_timescale_open(const arena_shm_arena* arena, arena_shm_timescale** scale,
                                                        arena_shm_error* error);
/** The time of day.
 * @param scale the handle
 * @param time of a value
 * @return nanoseconds since 1970 */
ARENA_SHM_API int64_t arena_shm_nanoseconds(arena_shm_timescale* scale, uint64_t time);
/** Closes it.
 * @param scale may be null */
ARENA_SHM_API void arena_shm_timescale_close(arena_shm_timescale* scale);

#ifdef __cplusplus
}
#endif

#endif
