/* What a record is. */
#ifndef ARENA_SHM_C_RECORD_H
#define ARENA_SHM_C_RECORD_H

#include "arena_shm/c/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A record type. Copied by the calls that take it. */
typedef struct arena_shm_record {
  size_t size;          /**< sizeof(arena_shm_record) */
  const char* name;     /**< its type's; null or empty: agrees with every name */
  uint64_t size_bytes;  /**< > 0 */
  uint64_t align_bytes; /**< a power of two, at most the page size */
  const char* schema;   /**< JSON text as numpy.dtype reads it; null or empty: none, agrees with every schema */
} arena_shm_record;

/** An initialiser: of the size and alignment of a C type, without a name and schema. */
#define ARENA_SHM_RECORD(type) \
  { sizeof(arena_shm_record), NULL, sizeof(type), ARENA_SHM_ALIGN_OF(type), NULL }

/** The alignment of a type, in whatever language this is. */
#if defined(__cplusplus)
#define ARENA_SHM_ALIGN_OF(type) alignof(type)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define ARENA_SHM_ALIGN_OF(type) _Alignof(type)
#else
#define ARENA_SHM_ALIGN_OF(type) __alignof__(type)
#endif

/** What one element of a field is. */
typedef enum arena_shm_type {
  ARENA_SHM_U8 = 1,    /**< unsigned, 8 bits */
  ARENA_SHM_U16 = 2,   /**< 16 bits */
  ARENA_SHM_U32 = 3,   /**< 32 bits */
  ARENA_SHM_U64 = 4,   /**< 64 bits */
  ARENA_SHM_I8 = 5,    /**< signed, 8 bits */
  ARENA_SHM_I16 = 6,   /**< 16 bits */
  ARENA_SHM_I32 = 7,   /**< 32 bits */
  ARENA_SHM_I64 = 8,   /**< 64 bits */
  ARENA_SHM_F32 = 9,   /**< a floating-point number of 32 bits */
  ARENA_SHM_F64 = 10,  /**< 64 bits */
  ARENA_SHM_BOOL = 11, /**< one byte, 0 or 1 */
  ARENA_SHM_TEXT = 12  /**< char[text_bytes]: bytes up to the first zero or the end, meant as UTF-8 */
} arena_shm_type;

/** A value of an enum, and its name. */
typedef struct arena_shm_enumerator {
  const char* name; /**< as the schema has it */
  int64_t value;    /**< of an unsigned type of 64 bits: the same bits */
} arena_shm_enumerator;

/** A field of a record, as tools and numpy see it. A struct in a struct is laid flat: "pos.x", "legs[1].px". */
typedef struct arena_shm_field {
  const char* name;      /**< 1 to 255 bytes; no control characters, quotes, backslashes */
  arena_shm_type type;   /**< of one element */
  bool is_time;          /**< says when the record was made: an integer, ns since 1970 unless `unit` differs */
  uint64_t offset_bytes; /**< offsetof(struct tick, px) */
  uint64_t text_bytes;   /**< ARENA_SHM_TEXT: of one text; of others, 0 */
  const uint64_t* shape; /**< of an array: its extents, outermost first */
  size_t dimensions;     /**< so many extents, at most 8; 0: not an array */
  const char* unit;      /**< "ns", "USD", ...; null: none */
  const arena_shm_enumerator* enumerators; /**< of an integer that is an enum */
  size_t enumerator_count;                 /**< how many */
} arena_shm_field;

/** Writes down fields as a schema, for arena_shm_record.schema.
 * @param fields `count` of them, in any order, none in another's place, all within `record_bytes`
 * @param count how many
 * @param record_bytes the record's size
 * @param text where the schema goes, with a zero at its end; may be null if `capacity` is 0
 * @param capacity bytes of `text`
 * @param length gets the schema's length without the zero, also where it did not fit; may be null
 * @param error what was wrong
 * @return ARENA_SHM_OK; ARENA_SHM_NOTHING: it did not fit, `text` is as it was; ARENA_SHM_E_INVALID_ARGUMENT: which
 * field, and why */
ARENA_SHM_API arena_shm_status arena_shm_schema(const arena_shm_field* fields, size_t count, uint64_t record_bytes,
                                                char* text, size_t capacity, size_t* length, arena_shm_error* error);

#ifdef __cplusplus
}
#endif

#endif
