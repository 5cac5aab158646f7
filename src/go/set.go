package atomicarena

// #include "shim_read.h"
import "C"

import (
	"os"
	"sync"
	"syscall"
	"time"
)

// setCore is a wait set of C, with its descriptor in Go's poller: who waits for it holds no thread. C itself sleeps in
// one thread for each set.
type setCore struct {
	mutex  sync.Mutex  // of the set, and of whether its handles are in it
	c      C.uintptr_t // 0: closed
	file   *os.File
	rung   chan struct{} // there may be something: look
	closed chan struct{}
}

// openSet makes one. The goroutine that reads the descriptor ends with close.
func openSet() (*setCore, error) {
	opened := C.go_set_open()
	if opened.status != 0 {
		return nil, errorOf(opened.status, opened.error)
	}
	s := &setCore{c: opened.handle, rung: make(chan struct{}, 1), closed: make(chan struct{})}
	described := C.go_set_fd(s.c)
	if described.status != 0 {
		C.go_set_close(s.c)
		return nil, errorOf(described.status, described.error)
	}
	// C closes its own one.
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(described.fd), syscall.F_DUPFD_CLOEXEC, 3)
	if errno != 0 {
		C.go_set_close(s.c)
		return nil, &Error{Code: ErrSystem, Doing: "open", Name: "a WaitSet", Found: errno.Error(), Errno: errno}
	}
	s.file = os.NewFile(fd, "a WaitSet")
	go s.listen()
	return s, nil
}

func (s *setCore) listen() {
	var count [8]byte
	for {
		if _, err := s.file.Read(count[:]); err != nil {
			return
		}
		s.tell()
	}
}

func (s *setCore) tell() {
	select {
	case s.rung <- struct{}{}:
	default:
	}
}

func (s *setCore) close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	C.go_set_close(s.c)
	s.c = 0
	close(s.closed)
	s.file.Close()
}

// add adds a handle that is the caller's. Requires: the lock.
func (s *setCore) add(h *handle) error {
	if s.c == 0 {
		return ErrClosed
	}
	result := C.go_set_add(s.c, h.kind, h.c)
	return errorOf(result.status, result.error)
}

// remove takes a handle out. Requires: the lock; that the handle has not been freed.
func (s *setCore) remove(h *handle) {
	if s.c != 0 {
		C.go_set_remove(s.c, h.kind, h.c)
	}
}

// forget takes out a handle that a WaitSet has added, if it is still there: who frees it has come here before.
func (s *setCore) forget(h *handle) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if h.set.CompareAndSwap(s, nil) {
		s.remove(h)
	}
}

// look tells whether one of them is ready; spins for so long. If none is, the set will ring. Requires: the lock, and
// that all in the set are the caller's.
func (s *setCore) look(spin time.Duration) (bool, error) {
	if s.c == 0 {
		return false, ErrClosed
	}
	result := C.go_set_wait(s.c, C.int64_t(spin))
	if result.status < 0 {
		return false, errorOf(result.status, result.error)
	}
	return result.status == C.ARENA_SHM_OK, nil
}

// isReady tells whether the newest look has found this one ready. Requires: as look.
func (s *setCore) isReady(h *handle) bool {
	return s.c != 0 && bool(C.go_set_is_ready(s.c, h.kind, h.c))
}
