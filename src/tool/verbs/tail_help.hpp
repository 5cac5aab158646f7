// What `tail --help` says besides its options.
#pragma once

namespace arena_shm::tool {

inline constexpr const char* kTailDetails =
    "Lost values are reported on standard error, and the exit code is then 3. A value is lost if it was\n"
    "overwritten before it could be read; if it is a hole (its writer died or skipped it); or if it was\n"
    "passed over (its writer is stopped, or writers are faster than tail, which then jumps ahead by up to\n"
    "half the ring).\n"
    "If an arena has times and its schema names no time field, _time_ns is the time when a value was\n"
    "appended, in nanoseconds since 1970. Lanes that have times are printed in order of time, others by\n"
    "turns. -n prints the newest values of each lane, N in all. --since begins in each lane with its first\n"
    "value from then on, and --last so long before the newest value that is there, of several arenas the newest\n"
    "one of all, by the time field of the schema, else by _time_ns. --until with a time leaves out what is\n"
    "later, and -f ends then; with a number it ends all lanes when that, or a later one, has been handed out.\n"
    "With --where, -n counts the values that match.\n"
    "Several arenas, or those that match a pattern, are printed as one sequence, in order of time, by the time\n"
    "field of each, else by the times of its values; _arena says which one. An arena that is silent holds up the\n"
    "others for 20 ms at most; how many values came late is said. In table and csv, all need the same columns:\n"
    "choose them with --fields, which also leaves out _time_ns where not all have it; in ndjson, influx and hex,\n"
    "each line has its own. With -f or -F, arenas that match join when they come.\n"
    "-F goes on when the arena is removed and created anew: with what is left of the old one, then the oldest\n"
    "value of the new one; what writers that still have the old one write is printed, too. That it was\n"
    "restarted is said, with the time and the epochs of both; --gaps inline puts it among the values. The new\n"
    "one must hold records of the same type and meaning, else tail ends with an error.\n"
    "A cursor file keeps what is printed: in a pipe, what its other end has taken.\n"
    "With --consumer, the writers of a lossless arena wait for tail: what is printed may be overwritten. A\n"
    "consumer that ends or dies holds up nobody, unless it is --durable: then the next tail of that name goes\n"
    "on with what had not been printed. After a crash, the last values may be printed once more. If the arena\n"
    "has a patience, it may evict a consumer that holds up the writers: tail says so, counts what is lost, and\n"
    "goes on.\n"
    "With --share, it is a member of a group: its members share the values among them, each one going to one\n"
    "of them, in no order. What a member had not printed when it died goes to another one, which says so at\n"
    "its end. --durable is then for the group. A group that was not there begins with the newest value, or\n"
    "with --from.\n"
    "ndjson and csv replace bytes that are not UTF-8. ndjson prints NaN as null. hex prints the bytes.\n"
    "influx prints the line protocol of InfluxDB 1.8 and 2. The time of a line is its time field, else\n"
    "_time_ns, else the time of printing. If another line has the same time, a few nanoseconds are added,\n"
    "so that each time is unique. The sequence number is the field seq. A field called time is renamed to\n"
    "time_. Characters that the protocol does not allow in names are printed as %HH.";

}  // namespace arena_shm::tool
