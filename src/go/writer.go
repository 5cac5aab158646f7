package atomicarena

// #include "shim_read.h"
import "C"

import (
	"context"
	"errors"
	"runtime"
	"time"
	"unsafe"
)

// Writer puts values into an arena without a lock. It takes one of the arena's seats until it is closed, or its process
// dies. It may be used by one goroutine at a time: a second one gets ErrInUse.
type Writer[T any] struct {
	h     *handle
	wait  bool // lossless
	entry Entry
}

// Writer takes a seat. Holder is what tools show beside the process.
// Errors: ErrTableFull, ErrObstructed; ErrPermissionDenied, if the arena is a view; ErrClosed.
func (a *Arena[T]) Writer(holder ...string) (*Writer[T], error) {
	text, err := only("write to", a.name, holder)
	if err != nil {
		return nil, err
	}
	cText := C.CString(text)
	defer C.free(unsafe.Pointer(cText))
	if !a.mapped.enter() {
		return nil, ErrClosed
	}
	defer a.mapped.leave()
	opened := C.go_writer_open(a.mapped.handle, cText)
	if opened.status != 0 {
		return nil, errorOf(opened.status, opened.error)
	}
	h := newHandle(C.GO_IS_WRITER, opened.handle, func(writer C.uintptr_t) { C.go_writer_close(writer) })
	return &Writer[T]{h: h, wait: a.wait}, nil
}

// Close gives the seat back. It never fails, and may be called again.
func (w *Writer[T]) Close() error {
	w.h.close()
	return nil
}

// Alloc puts a value into the ring, and returns its sequence number; over the oldest value if the ring is full. Of a
// lossless arena it waits for room, as long as it takes, or until Close. Room is what TryAlloc would find: in a shared
// ring, that leaves a slot for each other Writer, up to half of the slots.
// Errors: ErrClosed, ErrInUse, ErrExhausted, ErrCorrupt.
func (w *Writer[T]) Alloc(value T) (uint64, error) {
	if w.wait {
		return w.AllocContext(context.Background(), value)
	}
	if err := w.h.enter(); err != nil {
		return 0, err
	}
	var result C.go_result
	C.go_writer_alloc(w.h.c, bytesOf(&value), C.size_t(unsafe.Sizeof(value)), placeOf(&result))
	runtime.KeepAlive(&value)
	if result.status != 0 {
		return w.failed(&result)
	}
	w.entry = Entry{Seq: uint64(result.entry.seq), Time: uint64(result.entry.time)}
	w.h.leave()
	return uint64(result.entry.seq), nil
}

// TryAlloc does the same, where it need not wait. Errors: also ErrNothing: it would have had to, and the value is not
// in the ring.
func (w *Writer[T]) TryAlloc(value T) (uint64, error) {
	if err := w.h.enter(); err != nil {
		return 0, err
	}
	var result C.go_result
	C.go_writer_try_alloc(w.h.c, bytesOf(&value), C.size_t(unsafe.Sizeof(value)), placeOf(&result))
	runtime.KeepAlive(&value)
	if result.status != 0 {
		return w.failed(&result)
	}
	w.entry = Entry{Seq: uint64(result.entry.seq), Time: uint64(result.entry.time)}
	w.h.leave()
	return uint64(result.entry.seq), nil
}

// AllocContext does the same as Alloc, and waits until ctx is done. Errors: also those of ctx.
func (w *Writer[T]) AllocContext(ctx context.Context, value T) (uint64, error) {
	if err := w.h.enter(); err != nil {
		return 0, err
	}
	defer w.h.leave()
	return w.await(ctx, &value)
}

// AllocFor does the same as Alloc, and waits so long at most. Errors: also ErrTimedOut, which names the consumer that
// is in the way.
func (w *Writer[T]) AllocFor(timeout time.Duration, value T) (uint64, error) {
	if err := w.h.enter(); err != nil {
		return 0, err
	}
	defer w.h.leave()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	seq, err := w.await(ctx, &value)
	if !errors.Is(err, context.DeadlineExceeded) {
		return seq, err
	}
	var result C.go_result // it names who was in the way
	C.go_writer_alloc_for(w.h.c, 0, bytesOf(&value), C.size_t(unsafe.Sizeof(value)), placeOf(&result))
	runtime.KeepAlive(&value)
	w.entry = entryOf(result.entry)
	err = errorOf(result.status, result.error)
	var told *Error
	if errors.As(err, &told) && told.Code == ErrTimedOut {
		told.Expected, told.message = "room for a value within "+timeout.String(), ""
	}
	return w.entry.Seq, err
}

// AllocMany puts several values into the ring, in order, in one step for up to a lap of them. Of a lossless arena it
// waits for room. The range is what is in the ring, also after an error. Errors: as Alloc.
func (w *Writer[T]) AllocMany(values []T) (Range, error) {
	if w.wait {
		return w.AllocManyContext(context.Background(), values)
	}
	var r Range
	if err := w.h.enter(); err != nil || len(values) == 0 {
		if err == nil {
			w.h.leave()
		}
		return r, err
	}
	size := unsafe.Sizeof(values[0])
	result := C.go_writer_alloc_many(w.h.c, bytesOf(&values[0]), C.size_t(uintptr(len(values))*size))
	runtime.KeepAlive(values)
	w.h.leave()
	r.add(result._range)
	return r, errorOf(result.status, result.error)
}

// AllocManyContext does the same, one after the other where the arena is lossless, and waits until ctx is done.
func (w *Writer[T]) AllocManyContext(ctx context.Context, values []T) (Range, error) {
	var r Range
	if err := w.h.enter(); err != nil {
		return r, err
	}
	defer w.h.leave()
	for left := values; len(left) > 0; left = values[r.Count:] {
		result := C.go_writer_try_many(w.h.c, bytesOf(&left[0]), C.size_t(unsafe.Sizeof(left[0])), C.size_t(len(left)))
		runtime.KeepAlive(values)
		r.add(result._range)
		if result.status < 0 {
			return r, errorOf(result.status, result.error)
		}
		if result.status == C.ARENA_SHM_OK {
			return r, nil
		}
		if err := w.awaitRoom(ctx); err != nil {
			return r, err
		}
	}
	return r, nil
}

// await waits for room, and puts the value there. Requires: the handle is the caller's.
func (w *Writer[T]) await(ctx context.Context, value *T) (uint64, error) {
	for {
		var result C.go_result
		C.go_writer_try_alloc(w.h.c, bytesOf(value), C.size_t(unsafe.Sizeof(*value)), placeOf(&result))
		if result.status < 0 {
			return 0, errorOf(result.status, result.error)
		}
		if result.status == C.ARENA_SHM_OK {
			w.entry = entryOf(result.entry)
			return w.entry.Seq, nil
		}
		if err := w.awaitRoom(ctx); err != nil {
			return 0, err
		}
	}
}

// awaitRoom waits until TryAlloc may find room. In an arena that overwrites, there is none only while writers that were
// stopped have every slot: nobody rings when they go on.
func (w *Writer[T]) awaitRoom(ctx context.Context) error {
	if w.wait {
		return w.h.await(ctx)
	}
	again := time.NewTimer(time.Millisecond)
	defer again.Stop()
	select {
	case <-again.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.h.closing:
		return ErrClosed
	}
}

// failed is the end of a call that did not put the value there.
func (w *Writer[T]) failed(result *C.go_result) (uint64, error) {
	err := errorOf(result.status, result.error)
	w.h.leave()
	return 0, err
}

// Entry is what came with the newest value of Alloc, TryAlloc, AllocFor or AllocContext: with its time, if the arena
// has times. Zero, if it is closed.
func (w *Writer[T]) Entry() Entry {
	if w.h.enter() != nil {
		return Entry{}
	}
	defer w.h.leave()
	return w.entry
}

// Seat is the number of the writer's seat, as tools show it.
func (w *Writer[T]) Seat() (int, error) {
	if err := w.h.enter(); err != nil {
		return 0, err
	}
	defer w.h.leave()
	return int(C.go_writer_seat(w.h.c)), nil
}

// BlockedBy names the consumers that leave no room for the writer's next value.
func (w *Writer[T]) BlockedBy() ([]ConsumerInfo, error) {
	if err := w.h.enter(); err != nil {
		return nil, err
	}
	defer w.h.leave()
	return consumerInfos(func(infos *C.arena_shm_consumer_info, capacity C.size_t) C.go_counted {
		return C.go_writer_blocked_by(w.h.c, infos, capacity)
	})
}
