package tests

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"atomicarena"
)

func panicOf(call func()) (said any) {
	defer func() { said = recover() }()
	call()
	return nil
}

func TestAtomicArenaRefusesWhatItCannotDo(t *testing.T) {
	for _, size := range []int{0, -1} {
		said, _ := panicOf(func() { atomicarena.NewAtomicArena[int](size) }).(string)
		equal(t, "panic", said, "atomicarena: size must be > 0")
	}
	err, _ := panicOf(func() { atomicarena.NewAtomicArena[inner](1) }).(error)
	wants(t, err, atomicarena.ErrInvalidArgument)
	err, _ = panicOf(func() { atomicarena.NewAtomicArena[tick](1 << 40) }).(error)
	wants(t, err, atomicarena.ErrNoSpace)
	arena := atomicarena.NewAtomicArena[tick](4)
	equal(t, "slots", arena.Len(), 4)
	must(t, arena.Close())
	must(t, arena.Close())
	equal(t, "place", arena.PtrAt(0), nil)
	err, _ = panicOf(func() { arena.Alloc(tick{}) }).(error)
	wants(t, err, atomicarena.ErrClosed)
}

// Nothing but memory is left of it: no name, and no mapping once nobody has it.
func TestAtomicArenasComeAndGo(t *testing.T) {
	mapped := func() int {
		maps, err := os.ReadFile("/proc/self/maps")
		must(t, err)
		return strings.Count(string(maps), "/dev/shm/") // where a file without a name is a number
	}
	before := mapped()
	for i := 0; i < 100; i++ {
		arena := atomicarena.NewAtomicArena[checked](100)
		equal(t, "copy", arena.Alloc(checkedOf(7)).Words[3], 7)
		if i == 0 {
			equal(t, "it is mapped", mapped() > before, true)
			runtime.KeepAlive(arena)
		}
	}
	for _, entry := range got(os.ReadDir("/dev/shm")) {
		ours := fmt.Sprintf("atomicarena.%d.", os.Getpid())
		equal(t, "a name is left: "+entry.Name(), strings.HasPrefix(entry.Name(), ours), false)
	}
	eventually(t, "the mappings are gone", func() bool {
		runtime.GC()
		return mapped() <= before
	})
	// A place that was shown stays, whoever still knows of the arena.
	place := func() *checked {
		arena := atomicarena.NewAtomicArena[checked](2)
		arena.Alloc(checkedOf(9))
		return arena.PtrAt(0)
	}()
	for i := 0; i < 5; i++ {
		runtime.GC()
		equal(t, "place", place.Words[31], 9)
	}
}

func TestWhatIsNotClosedIsCollected(t *testing.T) {
	arena := create[tick](t, 4, atomicarena.Options{Writers: atomicarena.Exclusive, Lossless: true, Consumers: 1})
	for i := 0; i < 3; i++ {
		func() {
			set := got(atomicarena.NewWaitSet())
			writer, consumer := got(arena.Writer()), got(arena.Consumer("c"))
			got(writer.Alloc(tick{}))
			consumer.Next()
			must(t, set.Add(writer))
			must(t, set.Add(consumer))
			must(t, set.Wait(soon(t)))
		}()
		eventually(t, "the seats are free", func() bool {
			runtime.GC()
			return !arena.HasWriters() && len(got(arena.Consumers())) == 0
		})
	}
}

// Values are whole, and copies are the caller's own, whatever the collector does, and however stacks move.
func TestTheCollectorDoesNoHarm(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	atomic := atomicarena.NewAtomicArena[checked](8)
	defer atomic.Close()
	arena := create[checked](t, 64)
	var all sync.WaitGroup
	for g := uint64(0); g < 16; g++ {
		all.Add(1)
		go func(g uint64) {
			defer all.Done()
			writer := got(arena.Writer())
			defer writer.Close()
			reader := got(arena.Reader())
			defer reader.Close()
			var kept []*checked
			for i := uint64(0); i < 300; i++ {
				deep(int(i%50), func() {
					kept = append(kept, atomic.Alloc(checkedOf(g<<32|i)))
					got(writer.Alloc(checkedOf(g<<32 | i)))
					if value, _, ok := reader.Next(); ok && !value.isWhole() {
						t.Error("a torn value")
					}
					if value, _, err := arena.Latest(); err == nil && !value.isWhole() {
						t.Error("a torn value")
					}
				})
			}
			for i, copied := range kept {
				if copied.Words[0] != g<<32|uint64(i) || !copied.isWhole() {
					t.Error("a copy has changed")
				}
			}
		}(g)
	}
	all.Wait()
}

// deep calls something far down a stack that has to grow for it.
//
//go:noinline
func deep(depth int, call func()) {
	var room [512]byte
	if depth == 0 {
		call()
	} else {
		deep(depth-1, call)
	}
	runtime.KeepAlive(&room)
}
