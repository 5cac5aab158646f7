package atomicarena

// #include "shim_read.h"
import "C"

import (
	"time"
	"unsafe"
)

// ConsumerLife is whether somebody has a consumer's name.
type ConsumerLife int32

const (
	Alive   ConsumerLife = C.ARENA_SHM_CONSUMER_ALIVE   // somebody has it
	Away    ConsumerLife = C.ARENA_SHM_CONSUMER_AWAY    // durable, and nobody has its name
	Evicted ConsumerLife = C.ARENA_SHM_CONSUMER_EVICTED // writers do not wait for it any more
)

// ConsumerKind is whether a consumer is alone.
type ConsumerKind int32

const (
	Alone  ConsumerKind = C.ARENA_SHM_CONSUMER_ALONE  // the only one of its name
	Group  ConsumerKind = C.ARENA_SHM_CONSUMER_GROUP  // those that share a name
	Member ConsumerKind = C.ARENA_SHM_CONSUMER_MEMBER // one of them
)

// ConsumerInfo is what an arena tells about one of its consumers.
type ConsumerInfo struct {
	Name     string
	Process  string // what the kernel calls its process; empty, if it cannot be told
	Kind     ConsumerKind
	Life     ConsumerLife
	Index    int // its place among the arena's consumers
	Group    int // of a member: its group's place
	Members  int // of a group: so many live
	PID      int // who has the name, or had it last
	Durable  bool
	InTheWay bool          // there is no room in the ring, or in some lane, because of it
	Holds    uint64        // of a member: values that it has taken, and is not done with
	Position uint64        // all below it are done with
	Lag      uint64        // values that were handed out and are not done with
	Stalled  time.Duration // a writer has been waiting for it for so long
}

// Consumers names those that writers wait for, and those that were evicted and have not come back; a group before its
// members. Errors: ErrClosed, ErrCorrupt.
func (a *Arena[T]) Consumers() ([]ConsumerInfo, error) {
	if !a.mapped.enter() {
		return nil, ErrClosed
	}
	defer a.mapped.leave()
	return consumerInfos(func(infos *C.arena_shm_consumer_info, capacity C.size_t) C.go_counted {
		return C.go_consumers(a.mapped.handle, infos, capacity)
	})
}

// EvictConsumer makes the writers wait no longer for a consumer, or group; or for a member, "NAME/INDEX". It is told by
// ErrEvicted. Errors: ErrNotFound; ErrPermissionDenied, if the arena is a view; ErrClosed.
func (a *Arena[T]) EvictConsumer(name string) error {
	return a.ofConsumer("evict", name, func(arena C.uintptr_t, name *C.char) C.go_result {
		return C.go_evict_consumer(arena, name)
	})
}

// RemoveConsumer forgets a durable consumer, or group, that is away. Errors: ErrNotFound; ErrAlreadyExists, if somebody
// has the name; ErrPermissionDenied, if the arena is a view; ErrClosed.
func (a *Arena[T]) RemoveConsumer(name string) error {
	return a.ofConsumer("remove", name, func(arena C.uintptr_t, name *C.char) C.go_result {
		return C.go_remove_consumer(arena, name)
	})
}

func (a *Arena[T]) ofConsumer(doing, name string, call func(C.uintptr_t, *C.char) C.go_result) error {
	if err := checkName(doing, name); err != nil {
		return err
	}
	if !a.mapped.enter() {
		return ErrClosed
	}
	defer a.mapped.leave()
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	result := call(a.mapped.handle, c)
	return errorOf(result.status, result.error)
}

// consumerInfos asks for all, by a call that gives as many as there is room for.
func consumerInfos(call func(*C.arena_shm_consumer_info, C.size_t) C.go_counted) ([]ConsumerInfo, error) {
	const most = 256
	c := make([]C.arena_shm_consumer_info, most)
	counted := call(&c[0], most)
	if counted.status < 0 {
		return nil, errorOf(counted.status, counted.error)
	}
	if counted.count < most {
		c = c[:counted.count]
	}
	infos := make([]ConsumerInfo, 0, len(c))
	for i := range c {
		infos = append(infos, consumerInfoOf(&c[i]))
	}
	return infos, nil
}

func consumerInfoOf(c *C.arena_shm_consumer_info) ConsumerInfo {
	return ConsumerInfo{
		Name:     C.GoString(&c.name[0]),
		Process:  C.GoString(&c.process[0]),
		Kind:     ConsumerKind(c.kind),
		Life:     ConsumerLife(c.life),
		Index:    int(c.index),
		Group:    int(c.group),
		Members:  int(c.members),
		PID:      int(c.pid),
		Durable:  bool(c.durable),
		InTheWay: bool(c.in_the_way),
		Holds:    uint64(c.holds),
		Position: uint64(c.position),
		Lag:      uint64(c.lag),
		Stalled:  time.Duration(c.stalled_ns),
	}
}
