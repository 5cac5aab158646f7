package atomicarena

// #include "shim_read.h"
import "C"

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A hub is a set of handles in which goroutines wait, each for its own one. The goroutines are parked by Go; a thread
// of C sleeps for all of a hub.
type hub struct {
	*setCore
	waiting map[*handle]struct{} // guarded by the set's lock
	places  int                  // taken; guarded by hubs.mutex
}

// More would be more words than the kernel waits for at once.
const mostInHub = 64

var hubs struct {
	mutex sync.Mutex
	all   []*hub
}

// So long a wait may take in C, before it goes to a hub: it is woken sooner there, but holds a thread and a processor
// of Go's, and does not look at its context. One processor is left to the others.
const directWait = time.Millisecond

var directWaits atomic.Int32

// await waits until a handle has what it waits for: nil; or ctx is done, or the handle is closed.
// Requires: the handle is the caller's.
func (h *handle) await(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if h.kind != C.GO_IS_WRITER { // which C has no such wait for
		if found, err := h.waitDirectly(ctx); found || err != nil {
			return err
		}
	}
	where, err := enterHub()
	if err != nil {
		return err
	}
	defer where.leaveHub(h)
	if err := where.join(h); err != nil {
		return err
	}
	select {
	case <-h.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-h.closing:
		return ErrClosed
	}
}

// waitDirectly waits in C: for a moment, or, if there are many, looks once.
func (h *handle) waitDirectly(ctx context.Context) (bool, error) {
	var timeout time.Duration
	if int(directWaits.Add(1)) < runtime.GOMAXPROCS(0) {
		timeout = directWait
		if deadline, ok := ctx.Deadline(); ok {
			if left := time.Until(deadline); left < timeout {
				timeout = left
			}
		}
	}
	defer directWaits.Add(-1)
	var result C.go_result
	if h.kind == C.GO_IS_READER {
		result = C.go_reader_wait(h.c, C.int64_t(timeout))
	} else {
		result = C.go_consumer_wait(h.c, C.int64_t(timeout))
	}
	if result.status < 0 {
		return false, errorOf(result.status, result.error)
	}
	return result.status == C.ARENA_SHM_OK, nil
}

// enterHub takes a place in a hub.
func enterHub() (*hub, error) {
	hubs.mutex.Lock()
	defer hubs.mutex.Unlock()
	for _, one := range hubs.all {
		if one.places < mostInHub {
			one.places++
			return one, nil
		}
	}
	core, err := openSet()
	if err != nil {
		return nil, err
	}
	one := &hub{setCore: core, waiting: map[*handle]struct{}{}, places: 1}
	hubs.all = append(hubs.all, one)
	go one.run()
	return one, nil
}

func (u *hub) leaveHub(h *handle) {
	u.mutex.Lock()
	u.release(h)
	u.mutex.Unlock()
	select {
	case <-h.ready: // told, and not asked
	default:
	}
	hubs.mutex.Lock()
	defer hubs.mutex.Unlock()
	if u.places--; u.places > 0 {
		return
	}
	// Of those that nobody needs, one is kept.
	for i, one := range hubs.all {
		if one != u && one.places == 0 {
			hubs.all = append(hubs.all[:i], hubs.all[i+1:]...)
			one.close()
			return
		}
	}
}

func (u *hub) run() {
	for {
		select {
		case <-u.rung:
			u.mutex.Lock()
			u.dispatch()
			u.mutex.Unlock()
		case <-u.closed:
			return
		}
	}
}

// join begins to wait.
func (u *hub) join(h *handle) error {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if err := u.add(h); err != nil {
		return err
	}
	u.waiting[h] = struct{}{}
	u.dispatch()
	return nil
}

// dispatch tells those that are ready. Requires: the lock.
func (u *hub) dispatch() {
	for len(u.waiting) > 0 {
		found, err := u.look(0)
		if err == nil && !found {
			return
		}
		for h := range u.waiting {
			if err != nil || u.isReady(h) { // who looks himself finds what is wrong
				u.release(h)
			}
		}
	}
}

// release ends a wait, if it has not ended. Requires: the lock.
func (u *hub) release(h *handle) {
	if _, ok := u.waiting[h]; ok {
		delete(u.waiting, h)
		u.remove(h)
		h.ready <- struct{}{}
	}
}
