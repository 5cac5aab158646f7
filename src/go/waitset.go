package atomicarena

// #include "shim_read.h"
import "C"

import (
	"context"
	"time"
)

// Waitable is a *Reader, a *Consumer or a *Writer, of any type.
type Waitable interface {
	handleOf() *handle
}

func (r *Reader[T]) handleOf() *handle   { return r.h }
func (c *Consumer[T]) handleOf() *handle { return c.h }
func (w *Writer[T]) handleOf() *handle   { return w.h }

// WaitSet waits for several Readers, Consumers and Writers at once. Readers and Consumers are ready when they have a
// value, Writers of lossless arenas when TryAlloc would find room: take a Writer out while there is nothing to write.
//
// It may be used by one goroutine at a time; while it waits, those in it are in use. One that is closed leaves its set.
type WaitSet struct {
	h       *handle
	core    *setCore
	members []*handle
}

// NewWaitSet makes an empty set, and a thread of C, which sleeps for it. Errors: ErrSystem.
func NewWaitSet() (*WaitSet, error) {
	core, err := openSet()
	if err != nil {
		return nil, err
	}
	return &WaitSet{h: newHandle(C.GO_IS_READER, core.c, func(C.uintptr_t) { core.close() }), core: core}, nil
}

// Close closes the set, and ends a Wait; those in it go on. It never fails, and may be called again.
func (s *WaitSet) Close() error {
	s.h.close()
	return nil
}

// Add adds one. Errors: ErrInvalidArgument, if it is in a set already; ErrInUse, ErrClosed.
func (s *WaitSet) Add(one Waitable) error {
	if err := s.h.enter(); err != nil {
		return err
	}
	defer s.h.leave()
	h := one.handleOf()
	if err := h.enter(); err != nil {
		return err
	}
	defer h.leave()
	s.core.mutex.Lock()
	defer s.core.mutex.Unlock()
	if err := s.core.add(h); err != nil {
		return err
	}
	h.set.Store(s.core)
	s.members = append(s.members, h)
	return nil
}

// Remove takes one out, if it is in this set. Errors: ErrInUse, ErrClosed.
func (s *WaitSet) Remove(one Waitable) error {
	if err := s.h.enter(); err != nil {
		return err
	}
	defer s.h.leave()
	h := one.handleOf()
	if err := h.enter(); err != nil {
		return err
	}
	defer h.leave()
	s.drop(h)
	return nil
}

// drop forgets a member.
func (s *WaitSet) drop(h *handle) {
	for i, member := range s.members {
		if member == h {
			s.members = append(s.members[:i], s.members[i+1:]...)
			s.core.forget(h)
			return
		}
	}
}

// Wait waits until one of them is ready; until ctx is done, or the set is closed.
// Errors: those of ctx; ErrInUse, if the set or one in it is; ErrClosed, ErrCorrupt.
func (s *WaitSet) Wait(ctx context.Context) error {
	if err := s.h.enter(); err != nil {
		return err
	}
	defer s.h.leave()
	if err := s.enterAll(); err != nil {
		return err
	}
	defer func() { s.leaveAll(len(s.members)) }()
	const spin = 50 * time.Microsecond
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.core.mutex.Lock()
		found, err := s.core.look(spin)
		s.core.mutex.Unlock()
		if found || err != nil {
			return err
		}
		select {
		case <-s.core.rung:
			s.dropClosed()
		case <-ctx.Done():
			return ctx.Err()
		case <-s.h.closing:
			return ErrClosed
		}
	}
}

// enterAll makes all members the caller's. Those that were closed have left.
func (s *WaitSet) enterAll() error {
	for i := 0; i < len(s.members); {
		h := s.members[i]
		err := h.enter()
		if err == nil {
			i++
			continue
		}
		if h.isGone() {
			s.drop(h)
			continue
		}
		s.leaveAll(i)
		return err
	}
	return nil
}

func (s *WaitSet) leaveAll(count int) {
	for _, h := range s.members[:count] {
		h.leave()
	}
}

// dropClosed lets those go that were closed while the set was waiting.
func (s *WaitSet) dropClosed() {
	for i := 0; i < len(s.members); {
		h := s.members[i]
		if !h.isGone() {
			i++
			continue
		}
		s.drop(h)
		h.leave()
	}
}

// IsReady tells whether the newest Wait has found this one ready. Others may be, too: ask them.
func (s *WaitSet) IsReady(one Waitable) bool {
	if s.h.enter() != nil {
		return false
	}
	defer s.h.leave()
	h := one.handleOf()
	s.core.mutex.Lock()
	defer s.core.mutex.Unlock()
	for _, member := range s.members {
		if member == h {
			return s.core.isReady(h)
		}
	}
	return false
}
