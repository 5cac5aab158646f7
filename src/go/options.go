package atomicarena

// #include "shim_read.h"
import "C"

import (
	"io/fs"
	"math"
	"strconv"
	"time"
)

// Writers is who may write at a time.
type Writers int32

const (
	Shared    Writers = C.ARENA_SHM_SHARED    // up to Seats writers at once
	Exclusive Writers = C.ARENA_SHM_EXCLUSIVE // one at a time, and faster
	Laned     Writers = C.ARENA_SHM_LANED     // up to Seats at once, each with `size` slots of its own, a lane
)

// Options is how an arena is made. The zero value of each is its default.
type Options struct {
	Writers   Writers
	Seats     int           // writers at once, 1 to 4096; 0: 64. Of an exclusive arena it is 1
	Mode      fs.FileMode   // permission bits, which no umask changes; 0: 0600
	Time      bool          // each value gets the time of its append: Entry.Time
	Lossless  bool          // writers wait for consumers, and overwrite nothing that one has not done with
	Consumers int           // lossless: how many may be registered at once, 1 to 256; 0: 8
	Patience  time.Duration // lossless: a consumer that holds up writers for so long is evicted; 0: never
}

// From is where a Reader or a Consumer begins.
type From struct {
	from     C.arena_shm_from
	isGiven  bool
	seq      uint64
	position []uint64
}

// FromOldest begins with the oldest value that can be read.
func FromOldest() From { return From{from: C.ARENA_SHM_FROM_OLDEST, isGiven: true} }

// FromNewest begins with the first value that is handed out from now on.
func FromNewest() From { return From{from: C.ARENA_SHM_FROM_NEWEST, isGiven: true} }

// FromSeq begins with the value of a sequence number; in lanes, in each with the first one that is not below it.
func FromSeq(seq uint64) From { return From{from: C.ARENA_SHM_FROM_SEQ, isGiven: true, seq: seq} }

// FromPosition begins where a Reader was, in the same segment: see Reader.Position. Not of a Consumer, nor of Seek.
func FromPosition(position []uint64) From {
	return From{isGiven: true, position: append([]uint64{}, position...)}
}

// ReaderOptions is how a reader follows. The zero value of each is its default.
type ReaderOptions struct {
	From       From          // where it begins; by default, at the oldest value
	ByTime     bool          // in order of time, across all lanes; of arenas with times, laned or exclusive
	Throughput bool          // let some values come first, for some microseconds: slows the writers less
	Hold       time.Duration // later values wait so long for one that is not published; 0: 1 ms; below: not at all
	KeepGaps   int           // so many gaps are kept for Gaps; 0: 64
	Poll       bool          // do not ring the arena's doorbell, which takes write permission; look each millisecond
}

// ConsumerOptions is how a consumer consumes. The zero value of each is its default.
type ConsumerOptions struct {
	From       From          // where a name begins that was not there; by default, at the newest value
	ByTime     bool          // as ReaderOptions.ByTime; not where members share
	Throughput bool          // as ReaderOptions.Throughput
	Hold       time.Duration // later values wait so long for one whose writer has stopped; 0: 1 ms; below: not at all
	KeepGaps   int           // so many gaps are kept for Gaps; 0: 64
	Share      bool          // join the group of that name: each value goes to one of its members
	Durable    bool          // writers wait for it also while nobody has its name
	Explicitly bool          // values are done with when Release is called; else, at the next call
}

// only is the one that a call with optional options was given.
func only[O any](doing, name string, given []O) (O, error) {
	var options O
	if len(given) > 1 {
		return options, refusal(doing, name, "one set of options", "several", "put them into one")
	}
	if len(given) == 1 {
		options = given[0]
	}
	return options, nil
}

// refuseNegative is the error of the first number below zero, by the names of their options.
func refuseNegative(doing, name string, numbers ...named) error {
	for _, one := range numbers {
		if one.number < 0 {
			return refusal(doing, name, one.option+" of 0 or more", strconv.FormatInt(one.number, 10), "")
		}
	}
	return nil
}

type named struct {
	option string
	number int64
}

// uint32Of is a number as C takes it: what C has no room for becomes what C refuses.
func uint32Of(n, otherwise int) C.uint32_t {
	if n == 0 {
		n = otherwise
	}
	if n > math.MaxUint32 {
		n = math.MaxUint32
	}
	return C.uint32_t(n)
}

// holdOf is a duration as C takes it.
func holdOf(hold time.Duration) C.int64_t {
	if hold == 0 {
		hold = time.Millisecond
	}
	if hold < 0 {
		hold = 0
	}
	return C.int64_t(hold)
}

func (o Options) c(size int) C.arena_shm_options {
	mode := o.Mode
	if mode == 0 {
		mode = 0o600
	}
	options := C.arena_shm_options{
		size:        C.sizeof_arena_shm_options,
		slots:       C.uint64_t(size),
		writers:     C.arena_shm_writers(o.Writers),
		seats:       uint32Of(o.Seats, 64),
		mode:        C.uint32_t(mode),
		time:        C.bool(o.Time),
		full:        C.ARENA_SHM_OVERWRITE,
		consumers:   uint32Of(o.Consumers, 8),
		patience_ns: C.int64_t(o.Patience),
	}
	if o.Lossless {
		options.full = C.ARENA_SHM_WAIT
	}
	return options
}

func (o ReaderOptions) c() C.arena_shm_reader_options {
	options := C.arena_shm_reader_options{
		size:      C.sizeof_arena_shm_reader_options,
		from:      o.From.from,
		seq:       C.uint64_t(o.From.seq),
		hold_ns:   holdOf(o.Hold),
		keep_gaps: uint32Of(o.KeepGaps, defaultGaps),
		doorbell:  C.bool(!o.Poll),
	}
	if o.ByTime {
		options.order = C.ARENA_SHM_BY_TIME
	}
	if o.Throughput {
		options.manner = C.ARENA_SHM_THROUGHPUT
	}
	return options
}

func (o ConsumerOptions) c() C.arena_shm_consumer_options {
	from := o.From
	if !from.isGiven {
		from = FromNewest()
	}
	options := C.arena_shm_consumer_options{
		size:       C.sizeof_arena_shm_consumer_options,
		from:       from.from,
		seq:        C.uint64_t(from.seq),
		hold_ns:    holdOf(o.Hold),
		keep_gaps:  uint32Of(o.KeepGaps, defaultGaps),
		share:      C.bool(o.Share),
		durable:    C.bool(o.Durable),
		explicitly: C.bool(o.Explicitly),
	}
	if o.ByTime {
		options.order = C.ARENA_SHM_BY_TIME
	}
	if o.Throughput {
		options.manner = C.ARENA_SHM_THROUGHPUT
	}
	return options
}

const defaultGaps = 64
