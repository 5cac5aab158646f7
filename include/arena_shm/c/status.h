/* How calls end. */
#ifndef ARENA_SHM_C_STATUS_H
#define ARENA_SHM_C_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ARENA_SHM_API __attribute__((visibility("default")))
#else
#define ARENA_SHM_API
#endif

/** How a call ended. */
typedef enum arena_shm_status {
  ARENA_SHM_OK = 0, /**< done; there is a value */

  /* No error, and no value. */
  ARENA_SHM_NOTHING = 1,     /**< there is none now; the time is over; there was nothing to do */
  ARENA_SHM_NOT_YET = 2,     /**< arena_shm_read: has not been handed out */
  ARENA_SHM_PENDING = 3,     /**< handed out, not published; its writer lives */
  ARENA_SHM_OVERWRITTEN = 4, /**< its slot belongs to a later value */
  ARENA_SHM_HOLE = 5,        /**< handed out and never to be published */

  /* Errors. */
  ARENA_SHM_E_NOT_FOUND = -1,               /**< no arena of that name */
  ARENA_SHM_E_ALREADY_EXISTS = -2,          /**< the name is taken: of an arena, or of a consumer */
  ARENA_SHM_E_PERMISSION_DENIED = -3,       /**< the file's mode forbids it; or the handle is a view */
  ARENA_SHM_E_INVALID_NAME = -4,            /**< not usable as the name of a segment */
  ARENA_SHM_E_INVALID_ARGUMENT = -5,        /**< an option or argument is out of its range */
  ARENA_SHM_E_NOT_AN_ARENA = -6,            /**< a file that is no arena */
  ARENA_SHM_E_INCOMPATIBLE_VERSION = -7,    /**< written by another layout version */
  ARENA_SHM_E_INCOMPATIBLE_BYTE_ORDER = -8, /**< written on a machine of another byte order */
  ARENA_SHM_E_INCOMPATIBLE_TYPE = -9,       /**< the record differs: name, size, alignment or schema */
  ARENA_SHM_E_INCOMPATIBLE_OPTIONS = -10,   /**< open_or_create: it exists with other options */
  ARENA_SHM_E_TRUNCATED = -11,              /**< the file is shorter than its header says */
  ARENA_SHM_E_CORRUPT = -12,                /**< a value in the segment cannot be right */
  ARENA_SHM_E_NO_SPACE = -13,               /**< the file system, or the memory limit, has no room */
  ARENA_SHM_E_FILE_SIZE_LIMIT = -14,        /**< RLIMIT_FSIZE forbids a file of that size */
  ARENA_SHM_E_TABLE_FULL = -15,             /**< every seat belongs to a living writer, or consumer */
  ARENA_SHM_E_OBSTRUCTED = -16,             /**< every free seat is read-locked by some process */
  ARENA_SHM_E_EXHAUSTED = -17,              /**< the sequence numbers are used up */
  ARENA_SHM_E_REENTERED = -18,              /**< used from inside of itself, as from a signal handler */
  ARENA_SHM_E_FORKED = -19,                 /**< used in a forked child */
  ARENA_SHM_E_EVICTED = -20,                /**< a consumer that held up the writers for too long */
  ARENA_SHM_E_TIMED_OUT = -21,              /**< arena_shm_writer_alloc_for: there was no room in time */
  ARENA_SHM_E_WOULD_DEADLOCK = -22,         /**< a writer waits for a consumer of its own thread */
  ARENA_SHM_E_UNSUPPORTED = -23,            /**< the system lacks something that is needed */
  ARENA_SHM_E_SYSTEM = -24,                 /**< a system call failed for another reason */
  ARENA_SHM_E_NO_MEMORY = -25,              /**< this process has none left */
  ARENA_SHM_E_INTERNAL = -26                /**< a fault of the library */
} arena_shm_status;

/** A status as text.
 * @param status any number
 * @return "OK", "NOT_FOUND", "TABLE_FULL", ...; "UNKNOWN" for a number that is none. Never null. */
ARENA_SHM_API const char* arena_shm_status_name(arena_shm_status status);

/** What went wrong. Filled in by a call that returns an error, and left alone by all others. Texts are UTF-8 and end
 * with a zero; parts that do not apply are empty; what is too long ends with "...". */
typedef struct arena_shm_error {
  arena_shm_status status; /**< which error */
  int system_error;        /**< errno, or 0 */
  char name[256];          /**< the arena's */
  char doing[128];         /**< "open", "create", ...: what failed */
  char expected[512];      /**< what would have been right */
  char found[512];         /**< what was there instead */
  char remedy[512];        /**< what the user can do */
  char message[2048];      /**< all of it as one line: "cannot open 'ticks': expected ..., found ...; remedy" */
} arena_shm_error;

/** The version of the library that is linked; that of the headers is in version.h.
 * @return "0.1.0". Never null. */
ARENA_SHM_API const char* arena_shm_version(void);

#ifdef __cplusplus
}
#endif

#endif
