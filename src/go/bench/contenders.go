package main

/*
#cgo pkg-config: arena_shm
#include <arena_shm/arena_shm.h>

// The same in C: each value is one that was just made.
static void c_nothing(void) {}
static void c_alloc(uintptr_t writer, uint64_t count) {
  uint64_t value[8] = {0};
  arena_shm_entry entry;
  for (value[0] = 0; value[0] < count; ++value[0])
    arena_shm_writer_alloc((arena_shm_writer*)writer, value, sizeof value, &entry, NULL);
}
static void c_alloc_many(uintptr_t writer, uint64_t count, uint64_t batch) {
  static uint64_t values[256 * 8];
  arena_shm_range range;
  for (uint64_t i = 0; i < count; i += batch) {
    values[0] = i;
    arena_shm_writer_alloc_many((arena_shm_writer*)writer, values, batch * 64, &range, NULL);
  }
}
static uintptr_t c_open(const char* name) {
  arena_shm_arena* arena = NULL;
  arena_shm_open(name, NULL, &arena, NULL);
  return (uintptr_t)arena;
}
static uintptr_t c_create(const char* name) {
  arena_shm_arena* arena = NULL;
  arena_shm_record record = {sizeof record, NULL, 64, 8, NULL};
  arena_shm_options options = ARENA_SHM_OPTIONS;
  options.slots = 1024;
  options.writers = ARENA_SHM_EXCLUSIVE;
  arena_shm_create(name, &record, &options, &arena, NULL);
  arena_shm_remove(name, NULL);
  return (uintptr_t)arena;
}
static uintptr_t c_writer(uintptr_t arena) {
  arena_shm_writer* writer = NULL;
  arena_shm_writer_open((arena_shm_arena*)arena, "bench", &writer, NULL);
  return (uintptr_t)writer;
}
*/
import "C"

import (
	"fmt"
	"sync"

	"atomicarena"
)

// mutexArena is a ring of one process under Go's mutex, which hands out copies.
type mutexArena struct {
	mutex   sync.Mutex
	slots   []value
	counter uint64
}

func (a *mutexArena) Alloc(v value) *value {
	a.mutex.Lock()
	a.slots[a.counter%uint64(len(a.slots))] = v
	a.counter++
	a.mutex.Unlock()
	copied := new(value)
	*copied = v
	return copied
}

// kept keeps copies on the heap, where a program has them.
var kept *value

func contendersOf(arena *atomicarena.Arena[value]) []*contender {
	name := C.CString(arena.Name())
	cWriter := C.c_writer(C.c_open(name))
	cAlone := C.c_writer(C.c_create(C.CString(arena.Name() + ".c")))
	writer, err := arena.Writer("bench")
	if err != nil {
		panic(err)
	}
	atomic := atomicarena.NewAtomicArena[value](1024)
	mutexed := &mutexArena{slots: make([]value, 1024)}

	nothing := &contender{name: "an empty call of C", do: func() {
		for i := 0; i < turn; i++ {
			C.c_nothing()
		}
	}}
	cAlloc := &contender{name: "writer_alloc in C", do: func() { C.c_alloc(cWriter, turn) }}
	cAllocAlone := &contender{name: "writer_alloc in C, exclusive", do: func() { C.c_alloc(cAlone, turn) }}
	allocation := &contender{name: "new(T) and a copy", do: func() {
		var v value
		for i := uint64(0); i < turn; i++ {
			v.Words[0] = i
			kept = new(value)
			*kept = v
		}
	}}
	mutexes := &contender{name: "an arena of Go under a mutex", do: func() {
		var v value
		for i := uint64(0); i < turn; i++ {
			v.Words[0] = i
			kept = mutexed.Alloc(v)
		}
	}}
	alloc := &contender{name: "Writer.Alloc", why: "C + empty call", goal: 1.25,
		against: []*contender{cAlloc, nothing}, do: func() {
			var v value
			for i := uint64(0); i < turn; i++ {
				v.Words[0] = i
				writer.Alloc(v)
			}
		}}
	atomicDo := func() {
		var v value
		for i := uint64(0); i < turn; i++ {
			v.Words[0] = i
			kept = atomic.Alloc(v)
		}
	}
	atomics := &contender{name: "AtomicArena.Alloc", why: "C + empty call + new(T)", goal: 1.25,
		against: []*contender{cAllocAlone, nothing, allocation}, do: atomicDo}
	atomicsAgain := &contender{name: "AtomicArena.Alloc", why: "the arena under a mutex",
		against: []*contender{mutexes}, do: atomicDo}
	all := []*contender{nothing, cAlloc, alloc, cAllocAlone, allocation, atomics, mutexes, atomicsAgain}
	values := make([]value, 256)
	for _, batch := range []int{16, 64, 256} {
		batch := batch
		c := &contender{name: fmt.Sprintf("alloc_many in C, %d at once", batch),
			do: func() { C.c_alloc_many(cWriter, turn, C.uint64_t(batch)) }}
		g := &contender{name: fmt.Sprintf("Writer.AllocMany, %d at once", batch), why: "C", against: []*contender{c},
			do: func() {
				for i := 0; i < turn; i += batch {
					values[0].Words[0] = uint64(i)
					writer.AllocMany(values[:batch])
				}
			}}
		if batch == 256 { // the call of C is amortised
			g.goal = 1.2
		}
		all = append(all, c, g)
	}
	return all
}
