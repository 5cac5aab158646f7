package atomicarena

// #include "shim.h"
import "C"

import (
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"
)

// mapping is an arena of C, used by several goroutines at once, and closed when the last one is done with it.
type mapping struct {
	users   atomic.Int64 // two for each call that is inside, and one if it is closed
	handle  C.uintptr_t
	isGone  atomic.Bool
	isShown atomic.Bool // PtrAt has shown a place in it: it must not go away by itself
}

func newMapping(handle C.uintptr_t) *mapping {
	m := &mapping{handle: handle}
	runtime.SetFinalizer(m, func(m *mapping) {
		if !m.isShown.Load() {
			m.close()
		}
	})
	return m
}

// enter begins a call; false: it is closed.
func (m *mapping) enter() bool {
	if m == nil {
		return false
	}
	if m.users.Add(2)&1 == 0 {
		return true
	}
	m.leave()
	return false
}

func (m *mapping) leave() {
	if m.users.Add(-2) == 1 {
		m.free()
	}
}

func (m *mapping) isClosed() bool { return m.users.Load()&1 != 0 }

func (m *mapping) close() {
	if m == nil {
		return
	}
	for {
		users := m.users.Load()
		if users&1 != 0 {
			return
		}
		if m.users.CompareAndSwap(users, users|1) {
			if users == 0 {
				m.free()
			}
			return
		}
	}
}

// free may be called several times: by each who finds it closed.
func (m *mapping) free() {
	if m.isGone.CompareAndSwap(false, true) {
		C.go_close(m.handle)
	}
}

// bytesOf is where C reads or writes values. The pointer does not escape to the heap: C does not keep it, and calls
// nothing that could move the stack. Who passes it keeps the value alive behind the call.
func bytesOf[T any](value *T) *C.char {
	return (*C.char)(foreign(uintptr(unsafe.Pointer(value))))
}

// placeOf is the same of a result.
func placeOf(result *C.go_result) *C.go_result {
	return (*C.go_result)(foreign(uintptr(unsafe.Pointer(result))))
}

// foreign is a pointer that the compiler does not follow: into memory of C, or of the caller's stack.
func foreign(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

// checkName refuses what C would take for the end of the name.
func checkName(doing, name string) error {
	if strings.IndexByte(name, 0) < 0 {
		return nil
	}
	return &Error{Code: ErrInvalidName, Doing: doing, Name: strconv.Quote(name), Expected: "a name without zero bytes",
		Found: "one"}
}
