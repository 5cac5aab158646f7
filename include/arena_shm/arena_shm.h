/* The C interface of arena-shm: rings of the last N records in named shared memory. C99, and C++.
 *
 *   struct tick { uint64_t ts_ns; double px; };
 *   arena_shm_error error;
 *   arena_shm_arena *ticks;
 *   arena_shm_record record = ARENA_SHM_RECORD(struct tick);
 *   arena_shm_options options = ARENA_SHM_OPTIONS;
 *   options.slots = 65536;
 *   if (arena_shm_open_or_create("ticks", &record, &options, &ticks, &error) < 0) {
 *     fprintf(stderr, "%s\n", error.message);
 *     exit(1);
 *   }
 *   struct tick tick = {1, 101.25};
 *   arena_shm_alloc(ticks, &tick, sizeof tick, NULL, &error);
 *
 * What can fail returns a status: 0, or a positive one, which tells why there is no value, or a negative one: an error.
 * Then the last parameter, if it is not null, says which: it belongs to the caller, and needs no freeing. Functions
 * that cannot fail return what they were asked for.
 *
 * Handles are opaque, and closed by arena_shm_..._close, in any order: each keeps what it needs. A null handle is an
 * error (ARENA_SHM_E_INVALID_ARGUMENT), or 0 where no status is returned; closing it does nothing. Using one that was
 * closed is undefined, as with free(). An arena may be used by several threads at once; every other handle by one at a
 * time. None survives fork: in the child it is ARENA_SHM_E_FORKED, and closing it there does nothing. No function calls
 * back, and none throws.
 *
 * Structs that begin with `size` may grow: their initialisers set it, and a program works with a newer library. All
 * other structs stay as they are. Symbols are versioned: ARENA_SHM_1.
 *
 * What each call does, its order and its cost, is told in arena.hpp, writer.hpp, reader.hpp and consumer.hpp; here is
 * what differs. */
#ifndef ARENA_SHM_ARENA_SHM_H
#define ARENA_SHM_ARENA_SHM_H

#include "arena_shm/c/arena.h"    /* IWYU pragma: export */
#include "arena_shm/c/consumer.h" /* IWYU pragma: export */
#include "arena_shm/c/reader.h"   /* IWYU pragma: export */
#include "arena_shm/c/record.h"   /* IWYU pragma: export */
#include "arena_shm/c/status.h"   /* IWYU pragma: export */
#include "arena_shm/c/wait_set.h" /* IWYU pragma: export */
#include "arena_shm/c/writer.h"   /* IWYU pragma: export */
#include "arena_shm/version.h"    /* IWYU pragma: export */

#endif
