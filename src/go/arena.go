package atomicarena

// #include "shim_read.h"
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Arena is a ring of values of T that this process has mapped; or a view of one, through which nothing can be written.
// It may be used by several goroutines at once.
type Arena[T any] struct {
	mapped *mapping
	record *record
	name   string
	wait   bool // lossless
	lanes  int

	turn   sync.Mutex                // lossless: of those in Alloc
	writer atomic.Pointer[Writer[T]] // lossless: Alloc's, opened by the first one
}

// Create makes an arena of size slots, with every page of it reserved. A laned one has as many for each lane.
// Errors: ErrAlreadyExists, ErrInvalidName, ErrInvalidArgument, ErrNoSpace, ErrFileSizeLimit, ErrPermissionDenied.
func Create[T any](name string, size int, options ...Options) (*Arena[T], error) {
	return arenaOf[T](C.GO_CREATE, "create", name, size, options)
}

// Open opens one that exists, for reading and writing. Errors: ErrNotFound, ErrPermissionDenied, ErrNotAnArena,
// ErrIncompatibleType, ErrIncompatibleVersion, ErrTruncated, ErrCorrupt.
func Open[T any](name string) (*Arena[T], error) {
	return arenaOf[T](C.GO_OPEN, "open", name, 1, nil)
}

// OpenOrCreate opens it, or makes it if it is not there; safe against a race of many. Errors: of both, and
// ErrIncompatibleOptions, if it is there with others, or another size.
func OpenOrCreate[T any](name string, size int, options ...Options) (*Arena[T], error) {
	return arenaOf[T](C.GO_OPEN_OR_CREATE, "open", name, size, options)
}

// View opens one for reading only: needs read permission, and leaves no trace. Errors: as Open.
func View[T any](name string) (*Arena[T], error) {
	return arenaOf[T](C.GO_VIEW, "open", name, 1, nil)
}

// Remove takes the name away. Those who have the arena open go on. Errors: ErrNotFound, ErrPermissionDenied.
func Remove(name string) error {
	if err := checkName("remove", name); err != nil {
		return err
	}
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	result := C.go_remove(c)
	if result.status == C.ARENA_SHM_NOTHING {
		return &Error{Code: ErrNotFound, Doing: "remove", Name: name, Found: "none"}
	}
	return errorOf(result.status, result.error)
}

func arenaOf[T any](act C.go_act, doing, name string, size int, given []Options) (*Arena[T], error) {
	record, err := recordOf[T]()
	if err != nil {
		return nil, err
	}
	options, err := only(doing, name, given)
	if err != nil {
		return nil, err
	}
	if size <= 0 {
		return nil, refuseSize(name, size)
	}
	if err := checkName(doing, name); err != nil {
		return nil, err
	}
	cName := C.CString(name)
	defer C.free(unsafe.Pointer(cName))
	if err := refuseNegative(doing, name, named{"Seats", int64(options.Seats)},
		named{"Consumers", int64(options.Consumers)}, named{"Patience", int64(options.Patience)}); err != nil {
		return nil, err
	}
	cOptions := options.c(size)
	opened := C.go_arena(act, cName, record.c, &cOptions)
	if opened.status != 0 {
		return nil, errorOf(opened.status, opened.error)
	}
	a := &Arena[T]{mapped: newMapping(opened.handle), record: record, name: name}
	info, err := infoOf(opened.handle)
	if err != nil {
		a.Close()
		return nil, err
	}
	a.wait, a.lanes = info.Lossless, info.Lanes
	return a, nil
}

// Close closes the arena. Writers, Readers and Consumers that were made with it go on. A pointer that PtrAt gave must
// not be used any more. It never fails, and may be called again.
func (a *Arena[T]) Close() error {
	if a == nil || a.mapped == nil {
		return nil
	}
	a.mapped.close()
	if writer := a.writer.Load(); writer != nil {
		writer.Close() // ends an Alloc that waits
	}
	return nil
}

// Name is the arena's.
func (a *Arena[T]) Name() string { return a.name }

// Alloc puts a value into the ring, and returns its sequence number; over the oldest value if the ring is full. Any
// goroutine of any process may call it: a mutex in the segment puts them in order (in lanes, a mutex of the handle).
// A lossless arena waits for room, as long as it takes.
// Errors: ErrPermissionDenied, if it is a view; ErrTableFull, ErrObstructed, ErrExhausted, ErrCorrupt, ErrClosed.
func (a *Arena[T]) Alloc(value T) (uint64, error) {
	if a.wait {
		return a.allocLossless(value)
	}
	if !a.mapped.enter() {
		return 0, ErrClosed
	}
	var result C.go_result
	C.go_alloc(a.mapped.handle, bytesOf(&value), C.size_t(unsafe.Sizeof(value)), placeOf(&result))
	runtime.KeepAlive(&value)
	a.mapped.leave()
	if result.status != 0 {
		return 0, errorOf(result.status, result.error)
	}
	return uint64(result.entry.seq), nil
}

// allocLossless waits by a Writer's means: in the library, it would hold a thread.
func (a *Arena[T]) allocLossless(value T) (uint64, error) {
	a.turn.Lock()
	defer a.turn.Unlock()
	writer := a.writer.Load()
	if writer == nil {
		opened, err := a.Writer("alloc")
		if err != nil {
			return 0, err
		}
		a.writer.Store(opened)
		if a.mapped.isClosed() { // meanwhile: Close may not have seen the writer
			opened.Close()
		}
		writer = opened
	}
	return writer.Alloc(value)
}

// PtrAt returns the place of slot i modulo Slots, whatever is in it, without any synchronisation: the value may be
// torn, old or zero, and may change while you look. Read is the safe way. Do not write through it. Once it has been
// called, the arena stays mapped until Close, also if nobody uses it any more. Nil, if the arena is closed.
func (a *Arena[T]) PtrAt(i uint64) *T {
	return ptrAt[T](a.mapped, i)
}

func ptrAt[T any](m *mapping, i uint64) *T {
	if !m.enter() {
		return nil
	}
	defer m.leave()
	m.isShown.Store(true)
	return (*T)(foreign(uintptr(C.go_ptr_at(m.handle, C.uint64_t(i)))))
}

// Read returns the value with a sequence number, and what came with it. It never waits.
// Errors: ErrNotYet, ErrPending, ErrOverwritten, ErrHole: there is no such value; ErrClosed, ErrCorrupt.
func (a *Arena[T]) Read(seq uint64) (value T, entry Entry, err error) {
	if !a.mapped.enter() {
		return value, entry, ErrClosed
	}
	var result C.go_result
	C.go_read(a.mapped.handle, C.uint64_t(seq), bytesOf(&value), C.size_t(unsafe.Sizeof(value)), placeOf(&result))
	a.mapped.leave()
	if result.status != 0 {
		var none T
		return none, entry, errorOf(result.status, result.error)
	}
	return value, entryOf(result.entry), nil
}

// Latest returns the newest value that is published; in lanes, that with the latest time. It never waits.
// Errors: ErrNothing: there is none; ErrClosed, ErrCorrupt.
func (a *Arena[T]) Latest() (value T, entry Entry, err error) {
	if !a.mapped.enter() {
		return value, entry, ErrClosed
	}
	var result C.go_result
	C.go_latest(a.mapped.handle, bytesOf(&value), C.size_t(unsafe.Sizeof(value)), placeOf(&result))
	a.mapped.leave()
	if result.status != 0 {
		var none T
		return none, entry, errorOf(result.status, result.error)
	}
	return value, entryOf(result.entry), nil
}

// Head is the next sequence number to be handed out; in lanes, what all are below. 0 of a closed arena.
func (a *Arena[T]) Head() uint64 {
	return asked(a.mapped, 0, func(arena C.uintptr_t) uint64 { return uint64(C.go_head(arena)) })
}

// Count is how many values have been handed out. 0 of a closed arena.
func (a *Arena[T]) Count() uint64 {
	return asked(a.mapped, 0, func(arena C.uintptr_t) uint64 { return uint64(C.go_count(arena)) })
}

// Retired tells whether the name has been removed, or given to another segment. True of a closed arena.
func (a *Arena[T]) Retired() bool {
	return asked(a.mapped, true, func(arena C.uintptr_t) bool { return bool(C.go_retired(arena)) })
}

// HasWriters tells whether somebody holds a seat for writing. False of a closed arena.
func (a *Arena[T]) HasWriters() bool {
	return asked(a.mapped, false, func(arena C.uintptr_t) bool { return bool(C.go_has_writers(arena)) })
}

// Prefault maps all slots into this process now, rather than page by page when they are first touched.
func (a *Arena[T]) Prefault() {
	asked(a.mapped, false, func(arena C.uintptr_t) bool { C.go_prefault(arena); return true })
}

// asked is what a question to an arena gives, or, if it is closed, `otherwise`.
func asked[R any](m *mapping, otherwise R, question func(C.uintptr_t) R) R {
	if !m.enter() {
		return otherwise
	}
	defer m.leave()
	answer := question(m.handle)
	runtime.KeepAlive(m)
	return answer
}
