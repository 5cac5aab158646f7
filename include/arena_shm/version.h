/* The version of the library that these headers are of; also for C. CMakeLists.txt reads it from here. */
#ifndef ARENA_SHM_VERSION_H
#define ARENA_SHM_VERSION_H

#define ARENA_SHM_VERSION_MAJOR 0
#define ARENA_SHM_VERSION_MINOR 1
#define ARENA_SHM_VERSION_PATCH 0

/** "major.minor.patch" */
#define ARENA_SHM_VERSION_STRING "0.1.0"

/** One number, for comparisons: ARENA_SHM_VERSION_NUMBER >= 10200 from version 1.2.0 on. */
#define ARENA_SHM_VERSION_NUMBER \
  (ARENA_SHM_VERSION_MAJOR * 10000 + ARENA_SHM_VERSION_MINOR * 100 + ARENA_SHM_VERSION_PATCH)

#endif
