package atomicarena

// #include "shim_read.h"
import "C"

import (
	"runtime"
	"sync/atomic"
)

// handle is what a Writer, a Reader, a Consumer and a WaitSet have of C: used by one goroutine at a time, whichever it
// is, and closed by any.
//
//	idle     -> enter -> busy         -> leave -> idle
//	idle     -> Close -> closed, freed
//	busy     -> Close -> busy, closed -> leave -> closed, freed
type handle struct {
	state   atomic.Uint32
	kind    C.go_kind
	c       C.uintptr_t
	free    func(C.uintptr_t)
	closing chan struct{}           // closed by Close: ends waits
	ready   chan struct{}           // told by a hub: what the handle waits for is there
	set     atomic.Pointer[setCore] // the set that it is in, which C.close takes it out of
}

const (
	isBusy   = 1
	isClosed = 2
)

// errNoHandle is of a Writer{} and the like, which nobody has opened.
var errNoHandle = &Error{Code: ErrClosed, Doing: "use", Expected: "a handle that was opened", Found: "none"}

func newHandle(kind C.go_kind, c C.uintptr_t, free func(C.uintptr_t)) *handle {
	h := &handle{kind: kind, c: c, free: free, closing: make(chan struct{}), ready: make(chan struct{}, 1)}
	runtime.SetFinalizer(h, (*handle).close)
	return h
}

// enter makes the handle the caller's, until leave.
func (h *handle) enter() error {
	if h != nil && h.state.CompareAndSwap(0, isBusy) {
		return nil
	}
	return h.refusal()
}

func (h *handle) refusal() error {
	if h == nil {
		return errNoHandle
	}
	if h.state.Load()&isClosed != 0 {
		return ErrClosed
	}
	return ErrInUse
}

func (h *handle) leave() {
	if !h.state.CompareAndSwap(isBusy, 0) {
		h.finish()
	}
}

// close is what Close does; the one who is inside frees the handle, when he leaves.
func (h *handle) close() {
	if h == nil {
		return
	}
	for {
		state := h.state.Load()
		if state&isClosed != 0 {
			return
		}
		if h.state.CompareAndSwap(state, state|isClosed) {
			close(h.closing)
			if set := h.set.Load(); set != nil {
				set.tell() // who waits for it in a set
			}
			if state&isBusy == 0 {
				h.finish()
			}
			return
		}
	}
}

func (h *handle) finish() {
	runtime.SetFinalizer(h, nil)
	if set := h.set.Load(); set != nil {
		set.forget(h)
	}
	h.free(h.c)
}

// isGone tells whether Close has been called.
func (h *handle) isGone() bool { return h.state.Load()&isClosed != 0 }

// seen remembers what a call without an error of its own ended with, for Err.
type seen struct {
	err error
}

// note takes what a Next has ended with. That there was nothing is no error.
func (s *seen) note(status C.int32_t, told C.uintptr_t) {
	if status < 0 {
		s.err = errorOf(status, told)
	} else {
		s.err = nil
	}
}

// take gives the error, once.
func (s *seen) take() error {
	err := s.err
	s.err = nil
	return err
}
