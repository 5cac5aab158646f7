package atomicarena

// #include "shim_read.h"
import "C"

import (
	"context"
	"unsafe"
)

// Reader follows an arena: a private cursor, which registers nowhere. It accounts for every value that it does not
// deliver. It may be used by one goroutine at a time: a second one gets ErrInUse.
type Reader[T any] struct {
	h     *handle
	lanes int
	seen  seen
	entry Entry
	batch []Entry // where NextMany puts what nobody wants
}

// Reader begins to follow; from the oldest value on, unless the options say otherwise.
// Errors: ErrInvalidArgument, ErrUnsupported, ErrClosed.
func (a *Arena[T]) Reader(options ...ReaderOptions) (*Reader[T], error) {
	given, err := only("read", a.name, options)
	if err != nil {
		return nil, err
	}
	if !a.mapped.enter() {
		return nil, ErrClosed
	}
	defer a.mapped.leave()
	var position *C.uint64_t
	if len(given.From.position) > 0 {
		position = (*C.uint64_t)(&given.From.position[0])
	}
	if err := refuseNegative("follow", a.name, named{"KeepGaps", int64(given.KeepGaps)}); err != nil {
		return nil, err
	}
	cOptions := given.c()
	opened := C.go_reader_open(a.mapped.handle, position, C.size_t(len(given.From.position)), &cOptions)
	if opened.status != 0 {
		return nil, errorOf(opened.status, opened.error)
	}
	h := newHandle(C.GO_IS_READER, opened.handle, func(reader C.uintptr_t) { C.go_reader_close(reader) })
	return &Reader[T]{h: h, lanes: a.lanes}, nil
}

// Close ends it, and a Wait. It never fails, and may be called again.
func (r *Reader[T]) Close() error {
	r.h.close()
	return nil
}

// Next returns the next value and its sequence number; skips and counts what is lost. It never waits: false means that
// there is none now, or an error, which Err tells, and the next Wait.
func (r *Reader[T]) Next() (value T, seq uint64, ok bool) {
	if r.h.enter() != nil {
		return value, 0, false
	}
	var result C.go_result
	C.go_reader_next(r.h.c, bytesOf(&value), C.size_t(unsafe.Sizeof(value)), placeOf(&result))
	r.seen.note(result.status, result.error)
	if result.status != 0 {
		r.h.leave()
		var none T
		return none, 0, false
	}
	r.entry = entryOf(result.entry)
	r.h.leave()
	return value, uint64(result.entry.seq), true
}

// NextMany fills values with as many as there are, and entries with what came with each; entries may be nil, else it is
// at least as long. It never waits. Returns how many there were, 0 if there is none now.
// Errors: ErrClosed, ErrInUse, ErrCorrupt.
func (r *Reader[T]) NextMany(values []T, entries []Entry) (int, error) {
	if err := r.h.enter(); err != nil {
		return 0, err
	}
	defer r.h.leave()
	return nextMany(values, entries, &r.batch,
		func(values *C.char, bytes C.size_t, entries *C.arena_shm_entry, capacity C.size_t) C.go_counted {
			return C.go_reader_next_many(r.h.c, values, bytes, entries, capacity)
		})
}

// Wait waits until there is a value; until ctx is done, or the reader is closed. If Next has found an error that Err
// was not asked for, it returns that. A reader that is in a WaitSet cannot wait by itself.
// Errors: those of ctx; ErrClosed, ErrInUse, ErrCorrupt.
func (r *Reader[T]) Wait(ctx context.Context) error {
	if err := r.h.enter(); err != nil {
		return err
	}
	defer r.h.leave()
	if err := r.seen.take(); err != nil {
		return err
	}
	return r.h.await(ctx)
}

// Err is what the newest Next ended with: nil if there was a value, or none. Once asked for, Wait does not return it.
// ErrClosed, if it is closed; ErrInUse.
func (r *Reader[T]) Err() error {
	if err := r.h.enter(); err != nil {
		return err
	}
	defer r.h.leave()
	return r.seen.take()
}

// Entry is what came with the newest value of Next; zero, if it is closed.
func (r *Reader[T]) Entry() Entry {
	if r.h.enter() != nil {
		return Entry{}
	}
	defer r.h.leave()
	return r.entry
}

// Seek goes elsewhere. The counters go on from what they are; what lies between is neither read nor lost.
func (r *Reader[T]) Seek(from From) error {
	if len(from.position) > 0 {
		return refusal("seek in", "", "FromOldest, FromNewest or FromSeq", "FromPosition", "open another Reader there")
	}
	if err := r.h.enter(); err != nil {
		return err
	}
	defer r.h.leave()
	result := C.go_reader_seek(r.h.c, from.from, C.uint64_t(from.seq))
	return errorOf(result.status, result.error)
}

// Position is where the reader is: for each lane, the next number that it wants. FromPosition begins there: also in
// another process, and later.
func (r *Reader[T]) Position() ([]uint64, error) {
	if err := r.h.enter(); err != nil {
		return nil, err
	}
	defer r.h.leave()
	position := make([]uint64, r.lanes)
	result := C.go_reader_position(r.h.c, (*C.uint64_t)(&position[0]), C.size_t(r.lanes))
	return position, errorOf(result.status, result.error)
}

// Counts tells what became of the values.
func (r *Reader[T]) Counts() (Counts, error) {
	if err := r.h.enter(); err != nil {
		return Counts{}, err
	}
	defer r.h.leave()
	counts := C.arena_shm_counts{size: C.sizeof_arena_shm_counts}
	result := C.go_reader_counts(r.h.c, &counts)
	return countsOf(&counts), errorOf(result.status, result.error)
}

// Gaps tells the runs of values that were lost since the last call, oldest first; and how many others there have been,
// for which KeepGaps was too small.
func (r *Reader[T]) Gaps() (gaps []Gap, dropped uint64) {
	if r.h.enter() != nil {
		return nil, 0
	}
	defer r.h.leave()
	return gapsOf(func(gaps *C.arena_shm_gap, capacity C.size_t, dropped *C.uint64_t) C.size_t {
		return C.go_reader_gaps(r.h.c, gaps, capacity, dropped)
	})
}

// IsExact tells whether it is certain that, by time, nothing comes that is older than what has come before, but marked
// Late.
func (r *Reader[T]) IsExact() bool {
	if r.h.enter() != nil {
		return false
	}
	defer r.h.leave()
	return bool(C.go_reader_is_exact(r.h.c))
}

// nextMany is what NextMany does, by a call in C.
func nextMany[T any](values []T, entries []Entry, scratch *[]Entry,
	call func(*C.char, C.size_t, *C.arena_shm_entry, C.size_t) C.go_counted) (int, error) {
	if len(values) == 0 {
		return 0, nil
	}
	if entries == nil {
		if len(*scratch) < len(values) {
			*scratch = make([]Entry, len(values))
		}
		entries = *scratch
	}
	if len(entries) < len(values) {
		return 0, refusal("read", "", "at least as many entries as values", "less", "make the slice longer, or nil")
	}
	bytes := C.size_t(uintptr(len(values)) * unsafe.Sizeof(values[0]))
	counted := call((*C.char)(unsafe.Pointer(&values[0])), bytes,
		(*C.arena_shm_entry)(unsafe.Pointer(&entries[0])), C.size_t(len(values)))
	if counted.status < 0 {
		return 0, errorOf(counted.status, counted.error)
	}
	return int(counted.count), nil
}
