package atomicarena

// #include "shim_read.h"
import "C"

import (
	"context"
	"unsafe"
)

// Consumer is a reader of a lossless arena that the writers wait for. It has a name, and a place among the arena's
// consumers, until it is closed, or its process dies. It may be used by one goroutine at a time: a second one gets
// ErrInUse.
type Consumer[T any] struct {
	h     *handle
	lanes int
	seen  seen
	entry Entry
	batch []Entry
}

// Consumer joins; from then on writers overwrite nothing that it has not done with. The name has 1 to 32 bytes; no
// other living consumer has it, unless it shares.
// Errors: ErrInvalidArgument, ErrTableFull, ErrObstructed, ErrAlreadyExists, ErrPermissionDenied, ErrClosed.
func (a *Arena[T]) Consumer(name string, options ...ConsumerOptions) (*Consumer[T], error) {
	given, err := only("consume", a.name, options)
	if err == nil {
		err = checkName("consume", name)
	}
	if err == nil && len(given.From.position) > 0 {
		err = refusal("consume", a.name, "FromOldest, FromNewest or FromSeq", "FromPosition", "")
	}
	if err != nil {
		return nil, err
	}
	if !a.mapped.enter() {
		return nil, ErrClosed
	}
	defer a.mapped.leave()
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	if err := refuseNegative("consume", a.name, named{"KeepGaps", int64(given.KeepGaps)}); err != nil {
		return nil, err
	}
	cOptions := given.c()
	opened := C.go_consumer_open(a.mapped.handle, cName, &cOptions)
	if opened.status != 0 {
		return nil, errorOf(opened.status, opened.error)
	}
	h := newHandle(C.GO_IS_CONSUMER, opened.handle, func(consumer C.uintptr_t) { C.go_consumer_close(consumer) })
	return &Consumer[T]{h: h, lanes: a.lanes}, nil
}

// Close leaves, and ends a Wait. Release first, if the last value is done with. It never fails, and may be called
// again.
func (c *Consumer[T]) Close() error {
	c.h.close()
	return nil
}

// Next returns the next value and its sequence number; what it returned before is done with, unless the consumer
// releases explicitly. It never waits: false means that there is none now, or an error, which Err tells, and the next
// Wait. Errors: ErrEvicted, once for each time that it was evicted.
func (c *Consumer[T]) Next() (value T, seq uint64, ok bool) {
	if c.h.enter() != nil {
		return value, 0, false
	}
	var result C.go_result
	C.go_consumer_next(c.h.c, bytesOf(&value), C.size_t(unsafe.Sizeof(value)), placeOf(&result))
	c.seen.note(result.status, result.error)
	if result.status != 0 {
		c.h.leave()
		var none T
		return none, 0, false
	}
	c.entry = entryOf(result.entry)
	c.h.leave()
	return value, uint64(result.entry.seq), true
}

// NextMany is as Reader.NextMany; a member of a group gets 15 values at most, which are done with together.
// Errors: also ErrEvicted.
func (c *Consumer[T]) NextMany(values []T, entries []Entry) (int, error) {
	if err := c.h.enter(); err != nil {
		return 0, err
	}
	defer c.h.leave()
	return nextMany(values, entries, &c.batch,
		func(values *C.char, bytes C.size_t, entries *C.arena_shm_entry, capacity C.size_t) C.go_counted {
			return C.go_consumer_next_many(c.h.c, values, bytes, entries, capacity)
		})
}

// Wait is as Reader.Wait. What the consumer returned before is done with, unless it releases explicitly.
func (c *Consumer[T]) Wait(ctx context.Context) error {
	if err := c.h.enter(); err != nil {
		return err
	}
	defer c.h.leave()
	if err := c.seen.take(); err != nil {
		return err
	}
	return c.h.await(ctx)
}

// Err is what the newest Next ended with: nil if there was a value, or none. Once asked for, Wait does not return it.
// ErrClosed, if it is closed; ErrInUse.
func (c *Consumer[T]) Err() error {
	if err := c.h.enter(); err != nil {
		return err
	}
	defer c.h.leave()
	return c.seen.take()
}

// Entry is what came with the newest value of Next; zero, if it is closed.
func (c *Consumer[T]) Entry() Entry {
	if c.h.enter() != nil {
		return Entry{}
	}
	defer c.h.leave()
	return c.entry
}

// Release says that all it has got is done with: writers may overwrite it.
func (c *Consumer[T]) Release() error {
	if err := c.h.enter(); err != nil {
		return err
	}
	defer c.h.leave()
	result := C.go_consumer_release(c.h.c)
	return errorOf(result.status, result.error)
}

// ReleaseBefore says that what it has got before a place is done with; the rest stays as it is. It is for what is done
// with in order, and later than it was got, as when it is acknowledged from elsewhere; with Explicitly. The place is
// what Position told, or for each lane the number from which on it is not done. Nothing happens, if that was released
// before. Errors: ErrInvalidArgument, if it is no place in this arena; of a group.
func (c *Consumer[T]) ReleaseBefore(position []uint64) error {
	if err := c.h.enter(); err != nil {
		return err
	}
	defer c.h.leave()
	var end *C.uint64_t
	if len(position) > 0 {
		end = (*C.uint64_t)(&position[0])
	}
	result := C.go_consumer_release_before(c.h.c, end, C.size_t(len(position)))
	return errorOf(result.status, result.error)
}

// Position is where the consumer is, behind what it has got: for each lane, the next number that it wants. Of a group:
// where that is.
func (c *Consumer[T]) Position() ([]uint64, error) {
	if err := c.h.enter(); err != nil {
		return nil, err
	}
	defer c.h.leave()
	position := make([]uint64, c.lanes)
	result := C.go_consumer_position(c.h.c, (*C.uint64_t)(&position[0]), C.size_t(c.lanes))
	return position, errorOf(result.status, result.error)
}

// Counts tells what became of the values.
func (c *Consumer[T]) Counts() (Counts, error) {
	if err := c.h.enter(); err != nil {
		return Counts{}, err
	}
	defer c.h.leave()
	counts := C.arena_shm_counts{size: C.sizeof_arena_shm_counts}
	result := C.go_consumer_counts(c.h.c, &counts)
	return countsOf(&counts), errorOf(result.status, result.error)
}

// Gaps is as Reader.Gaps: of what was lost for ever.
func (c *Consumer[T]) Gaps() (gaps []Gap, dropped uint64) {
	if c.h.enter() != nil {
		return nil, 0
	}
	defer c.h.leave()
	return gapsOf(func(gaps *C.arena_shm_gap, capacity C.size_t, dropped *C.uint64_t) C.size_t {
		return C.go_consumer_gaps(c.h.c, gaps, capacity, dropped)
	})
}
