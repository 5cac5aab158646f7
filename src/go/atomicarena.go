package atomicarena

// #include "shim.h"
import "C"

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"
)

// AtomicArena is a ring of values of T without a name, of this process. It may be used by several goroutines at once.
//
// It has the one Writer of an exclusive ring: goroutines take turns by a mutex of Go, which parks them, where that of a
// segment would hold their threads.
type AtomicArena[T any] struct {
	mutex    sync.Mutex // of those in Alloc
	isClosed bool
	writer   *handle
	mapped   *mapping
	slots    int
}

// NewAtomicArena makes a ring of size slots, in shared memory whose name is removed at once. It panics if size <= 0,
// and, with an *Error, if T has pointers, or if there is no room for it.
func NewAtomicArena[T any](size int) *AtomicArena[T] {
	if size <= 0 {
		panic("atomicarena: size must be > 0")
	}
	arena, err := createNameless[T](size)
	if err != nil {
		panic(err)
	}
	writer, err := arena.Writer("AtomicArena")
	if err != nil {
		panic(err)
	}
	return &AtomicArena[T]{writer: writer.h, mapped: arena.mapped, slots: size}
}

func createNameless[T any](size int) (*Arena[T], error) {
	for {
		var random [8]byte
		if _, err := rand.Read(random[:]); err != nil {
			return nil, fmt.Errorf("cannot make a name: %w", err)
		}
		name := fmt.Sprintf("atomicarena.%d.%s", os.Getpid(), hex.EncodeToString(random[:]))
		arena, err := Create[T](name, size, Options{Writers: Exclusive})
		if errors.Is(err, ErrAlreadyExists) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := Remove(name); err != nil {
			arena.Close()
			return nil, err
		}
		return arena, nil
	}
}

// Alloc puts val into the next slot, over the oldest value if the ring is full, and returns a pointer to an independent
// copy of it. It panics, with an error, if the arena is closed.
func (a *AtomicArena[T]) Alloc(val T) *T {
	value := new(T)
	*value = val
	var result C.go_result
	a.mutex.Lock()
	if a.isClosed {
		a.mutex.Unlock()
		panic(ErrClosed)
	}
	C.go_writer_alloc(a.writer.c, bytesOf(value), C.size_t(unsafe.Sizeof(val)), placeOf(&result))
	a.mutex.Unlock()
	runtime.KeepAlive(value)
	if result.status != 0 {
		panic(errorOf(result.status, result.error))
	}
	return value
}

// PtrAt returns the place of the slot i modulo size, without any synchronisation: a value that is being overwritten is
// torn. It is zero where there has been none. Once PtrAt has been called, the ring's memory stays until Close, or the
// end of the process. Nil, if the arena is closed.
func (a *AtomicArena[T]) PtrAt(i uint64) *T {
	return ptrAt[T](a.mapped, i)
}

// Len is the number of slots.
func (a *AtomicArena[T]) Len() int { return a.slots }

// Close gives back the ring's memory; pointers that PtrAt gave must not be used any more. Without it, the memory is
// given back when the arena is collected. It never fails, and may be called again.
func (a *AtomicArena[T]) Close() error {
	a.mutex.Lock()
	a.isClosed = true
	a.mutex.Unlock()
	a.writer.close()
	a.mapped.close()
	return nil
}
