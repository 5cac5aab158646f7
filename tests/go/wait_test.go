package tests

import (
	"context"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"atomicarena"
)

func threads(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/task")
	must(t, err)
	return len(entries)
}

// Those who wait are parked by Go: there are some threads of C, and none for each of them.
func TestWaitingGoroutinesHoldNoThreads(t *testing.T) {
	arena := create[tick](t, 4096)
	before := threads(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const waiters = 500
	var waiting sync.WaitGroup
	ended := make(chan error, waiters)
	for i := 0; i < waiters; i++ {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			reader := got(arena.Reader())
			defer reader.Close()
			must(t, reader.Wait(soon(t))) // the first value
			reader.Next()
			ended <- nil
			ended <- reader.Wait(ctx)
		}()
	}
	got(arena.Alloc(tick{}))
	for i := 0; i < waiters; i++ {
		<-ended
	}
	time.Sleep(50 * time.Millisecond) // all sleep, likely
	if after := threads(t); after-before > 100 {
		t.Fatalf("%d threads before, %d while %d goroutines wait", before, after, waiters)
	}
	sets := eventfds(t)
	if sets < waiters/64 {
		t.Fatalf("%d sets for %d goroutines", sets, waiters)
	}
	cancel()
	for i := 0; i < waiters; i++ {
		wants(t, <-ended, context.Canceled)
	}
	waiting.Wait()
	eventually(t, "the sets are gone, but one", func() bool { return eventfds(t) < sets-4 })
}

// eventfds counts what C rings for its sets.
func eventfds(t *testing.T) (count int) {
	for _, entry := range got(os.ReadDir("/proc/self/fd")) {
		if target, _ := os.Readlink("/proc/self/fd/" + entry.Name()); target == "anon_inode:[eventfd]" {
			count++
		}
	}
	return count
}

// Each value wakes who waits for it, in C and in Go, whichever it is in.
func TestNoWakeUpIsLost(t *testing.T) {
	there, back := create[uint64](t, 4), create[uint64](t, 4)
	rounds := uint64(2000)
	echoed := make(chan error, 1)
	go func() {
		reader := got(there.Reader())
		defer reader.Close()
		for next := uint64(0); next < rounds; {
			if err := reader.Wait(soon(t)); err != nil {
				echoed <- err
				return
			}
			for value, _, ok := reader.Next(); ok; value, _, ok = reader.Next() {
				got(back.Alloc(value))
				next++
			}
		}
		echoed <- nil
	}()
	reader := got(back.Reader())
	defer reader.Close()
	for round := uint64(0); round < rounds; round++ {
		if round%20 == 0 {
			time.Sleep(3 * time.Millisecond) // so that the other one has gone to its hub
		}
		got(there.Alloc(round))
		must(t, reader.Wait(soon(t)))
		value, _, ok := reader.Next()
		equal(t, "ok", ok, true)
		equal(t, "value", value, round)
	}
	must(t, <-echoed)
}

// Go's profiler sends SIGPROF a hundred times a second, its scheduler SIGURG as often as it likes.
func TestWaitsSurviveTheProfiler(t *testing.T) {
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		t.Skip(err)
	}
	defer pprof.StopCPUProfile()
	arena := create[tick](t, 1, lossless)
	reader := got(arena.Reader())
	consumer := got(arena.Consumer("slow"))
	writer := got(arena.Writer())
	defer reader.Close()
	defer consumer.Close()
	defer writer.Close()
	got(writer.Alloc(tick{}))
	reader.Next()
	stop := make(chan struct{})
	var busy sync.WaitGroup
	for i := 0; i < runtime.GOMAXPROCS(0); i++ {
		busy.Add(1)
		go func() {
			defer busy.Done()
			for sum := 0; ; sum++ {
				select {
				case <-stop:
					return
				default:
				}
				if sum%1000 == 0 {
					runtime.GC() // stops the world: by signals
				}
			}
		}()
	}
	defer busy.Wait()
	defer close(stop)
	for i := 0; i < 20; i++ {
		for _, timeout := range []time.Duration{time.Millisecond / 2, 30 * time.Millisecond} {
			begin := time.Now()
			wants(t, reader.Wait(in(t, timeout)), context.DeadlineExceeded)
			equal(t, "not too soon", time.Since(begin) >= timeout, true)
			begin = time.Now()
			_, err := writer.AllocFor(timeout, tick{})
			wants(t, err, atomicarena.ErrTimedOut)
			equal(t, "not too soon", time.Since(begin) >= timeout, true)
		}
	}
}

// A Writer may be passed on: ownership is by the handle, never by the thread.
func TestHandlesMoveBetweenThreads(t *testing.T) {
	arena := create[checked](t, 64)
	writer := got(arena.Writer())
	defer writer.Close()
	reader := got(arena.Reader())
	defer reader.Close()
	for i := uint64(0); i < 200; i++ {
		done := make(chan error)
		go func() {
			runtime.LockOSThread() // the thread ends with the goroutine
			_, err := writer.Alloc(checkedOf(i))
			if err == nil {
				_, err = arena.Alloc(checkedOf(i))
			}
			done <- err
		}()
		must(t, <-done)
		go func() {
			runtime.LockOSThread()
			err := reader.Wait(soon(t))
			reader.Next()
			reader.Next()
			done <- err
		}()
		must(t, <-done)
	}
	equal(t, "read", got(reader.Counts()).Read, 400)
}
