/* The version of the library that these headers are of; also for C. CMakeLists.txt reads it from here. */
#ifndef ARENA_SHM_VERSION_H
#define ARENA_SHM_VERSION_H

/** Versions are semantic: "major.minor.patch". */
#define ARENA_SHM_VERSION_STRING "0.1.0"

#define ARENA_SHM_VERSION_MAJOR 0 /**< 0: a minor version may change the interface */
#define ARENA_SHM_VERSION_MINOR 1 /**< from 1.0 on, adds to the interface */
#define ARENA_SHM_VERSION_PATCH 0 /**< changes no interface */

/** One number, to compare with: from version 1.2.0 on, ARENA_SHM_VERSION >= 10200. */
#define ARENA_SHM_VERSION (ARENA_SHM_VERSION_MAJOR * 10000 + ARENA_SHM_VERSION_MINOR * 100 + ARENA_SHM_VERSION_PATCH)

#endif
