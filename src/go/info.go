package atomicarena

// #include "shim_read.h"
import "C"

import (
	"sync"
	"time"
	"unsafe"
)

// Info is what a segment says about itself.
type Info struct {
	Name          string
	RecordName    string // of the type; empty: unknown
	Schema        string // the fields, as JSON that numpy.dtype reads; empty: unknown
	RecordSize    uint64 // in bytes
	RecordAlign   uint64
	Slots         uint64 // of all lanes together
	Lanes         int    // 1, but in laned arenas
	Seats         int
	Writers       Writers
	Lossless      bool
	Consumers     int // lossless: that may be registered at once
	Patience      time.Duration
	HasTime       bool   // its values have times
	Stride        uint64 // bytes from one slot to the next
	SegmentSize   uint64 // in bytes
	Created       time.Time
	CreatorPID    int
	LayoutVersion int
	Epoch         [16]byte // random: two segments of one name differ in it
}

// Info tells what the segment says about itself. Errors: ErrClosed.
func (a *Arena[T]) Info() (Info, error) {
	if !a.mapped.enter() {
		return Info{}, ErrClosed
	}
	defer a.mapped.leave()
	return infoOf(a.mapped.handle)
}

// Stat tells the same of an arena, whatever its values are. Errors: as View.
func Stat(name string) (Info, error) {
	if err := checkName("open", name); err != nil {
		return Info{}, err
	}
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	opened := C.go_arena(C.GO_VIEW, c, nil, nil)
	if opened.status != 0 {
		return Info{}, errorOf(opened.status, opened.error)
	}
	defer C.go_close(opened.handle)
	return infoOf(opened.handle)
}

func infoOf(handle C.uintptr_t) (Info, error) {
	c := C.arena_shm_info{size: C.sizeof_arena_shm_info}
	result := C.go_info(handle, &c)
	if result.status != 0 {
		return Info{}, errorOf(result.status, result.error)
	}
	info := Info{
		Name:          C.GoString(c.name),
		RecordName:    C.GoString(c.record_name),
		Schema:        C.GoString(c.schema),
		RecordSize:    uint64(c.record_bytes),
		RecordAlign:   uint64(c.record_align),
		Slots:         uint64(c.slots),
		Lanes:         int(c.lanes),
		Seats:         int(c.seats),
		Writers:       Writers(c.writers),
		Lossless:      c.full == C.ARENA_SHM_WAIT,
		Consumers:     int(c.consumers),
		Patience:      time.Duration(c.patience_ns),
		HasTime:       bool(c.has_time),
		Stride:        uint64(c.stride_bytes),
		SegmentSize:   uint64(c.segment_bytes),
		Created:       time.Unix(0, int64(c.created_ns)),
		CreatorPID:    int(c.creator_pid),
		LayoutVersion: int(c.layout_version),
	}
	for i := range info.Epoch {
		info.Epoch[i] = byte(c.epoch[i])
	}
	return info, nil
}

// Timescale turns the times of values into times of day. It may be used by several goroutines at once.
type Timescale struct {
	mutex sync.Mutex
	h     *handle
}

// Timescale tells what Entry.Time means. Errors: ErrInvalidArgument, if the arena has no times; ErrClosed.
func (a *Arena[T]) Timescale() (*Timescale, error) {
	if !a.mapped.enter() {
		return nil, ErrClosed
	}
	defer a.mapped.leave()
	opened := C.go_timescale(a.mapped.handle)
	if opened.status != 0 {
		return nil, errorOf(opened.status, opened.error)
	}
	free := func(scale C.uintptr_t) { C.go_timescale_close(scale) }
	return &Timescale{h: newHandle(C.GO_IS_READER, opened.handle, free)}, nil
}

// Time is the time of day of a value's Entry.Time; the zero time, if the scale is closed.
func (s *Timescale) Time(ticks uint64) time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.h.enter() != nil {
		return time.Time{}
	}
	defer s.h.leave()
	return time.Unix(0, int64(C.go_nanoseconds(s.h.c, C.uint64_t(ticks))))
}

// Close closes it. It never fails, and may be called again.
func (s *Timescale) Close() error {
	s.h.close()
	return nil
}
