package tests

import (
	"context"
	"testing"
	"time"

	"atomicarena"
)

func TestASetWaitsForAny(t *testing.T) {
	ticks, orders := create[tick](t, 4), create[uint64](t, 1, lossless)
	set := got(atomicarena.NewWaitSet())
	defer set.Close()
	reader, consumer := got(ticks.Reader()), got(orders.Consumer("c"))
	defer reader.Close()
	defer consumer.Close()
	must(t, set.Add(reader))
	must(t, set.Add(consumer))
	wants(t, set.Add(reader), atomicarena.ErrInvalidArgument)
	wants(t, set.Wait(in(t, 20*time.Millisecond)), context.DeadlineExceeded)
	equal(t, "ready", set.IsReady(reader) || set.IsReady(consumer), false)
	go func() {
		time.Sleep(5 * time.Millisecond)
		got(orders.Alloc(7))
	}()
	must(t, set.Wait(soon(t)))
	equal(t, "ready", !set.IsReady(reader) && set.IsReady(consumer), true)
	must(t, set.Remove(consumer))
	got(ticks.Alloc(tick{}))
	must(t, set.Wait(soon(t)))
	equal(t, "ready", set.IsReady(reader) && !set.IsReady(consumer), true)
	must(t, set.Remove(reader))
	must(t, set.Remove(reader))

	writer := got(orders.Writer())
	defer writer.Close()
	must(t, set.Add(writer))
	wants(t, set.Wait(in(t, 20*time.Millisecond)), context.DeadlineExceeded)
	go func() {
		time.Sleep(5 * time.Millisecond)
		consumer.Next()
		consumer.Release()
	}()
	must(t, set.Wait(soon(t)))
	equal(t, "room", set.IsReady(writer), true)
	got(writer.TryAlloc(8))
}

func TestWhoIsClosedLeavesItsSet(t *testing.T) {
	arena := create[tick](t, 4)
	set := got(atomicarena.NewWaitSet())
	one, two, three := got(arena.Reader()), got(arena.Reader()), got(arena.Reader())
	must(t, set.Add(one))
	must(t, set.Add(two))
	must(t, one.Close())
	wants(t, set.Add(one), atomicarena.ErrClosed)
	wants(t, set.Remove(one), atomicarena.ErrClosed)
	ended := started(func() error { return set.Wait(context.Background()) })
	eventually(t, "the set waits", func() bool { return set.Remove(three) == atomicarena.ErrInUse })
	wants(t, two.Seek(atomicarena.FromOldest()), atomicarena.ErrInUse)
	must(t, two.Close())
	wants(t, set.Add(three), atomicarena.ErrInUse)
	must(t, set.Close())
	must(t, set.Close())
	wants(t, <-ended, atomicarena.ErrClosed)
	wants(t, set.Wait(soon(t)), atomicarena.ErrClosed)
	wants(t, set.Add(three), atomicarena.ErrClosed)
	got(arena.Alloc(tick{}))
	must(t, three.Wait(soon(t)))
	must(t, three.Close())
}

func TestAHandleInUseCannotBeWaitedFor(t *testing.T) {
	arena := create[tick](t, 4)
	set := got(atomicarena.NewWaitSet())
	defer set.Close()
	reader, idle := got(arena.Reader()), got(arena.Reader())
	defer idle.Close()
	must(t, set.Add(idle))
	ctx, cancel := context.WithCancel(context.Background())
	ended := started(func() error { return reader.Wait(ctx) })
	eventually(t, "in use", func() bool { _, err := reader.Counts(); return err == atomicarena.ErrInUse })
	wants(t, set.Add(reader), atomicarena.ErrInUse)
	cancel()
	wants(t, <-ended, context.Canceled)
	must(t, set.Add(reader))
	// By itself it cannot wait now.
	wants(t, reader.Wait(soon(t)), atomicarena.ErrInvalidArgument)
	must(t, reader.Close())
	wants(t, set.Wait(in(t, 5*time.Millisecond)), context.DeadlineExceeded)
}
