package tests

import (
	"context"
	"testing"
	"time"

	"atomicarena"
)

func TestAReaderAccountsForEveryValue(t *testing.T) {
	arena := create[tick](t, 4)
	reader := got(arena.Reader())
	defer reader.Close()
	_, _, ok := reader.Next()
	equal(t, "something", ok, false)
	must(t, reader.Err())
	for i := uint64(0); i < 10; i++ {
		got(arena.Alloc(tick{At: i}))
	}
	value, seq, ok := reader.Next()
	equal(t, "ok", ok, true)
	equal(t, "seq", seq, 6)
	equal(t, "value", value.At, 6)
	equal(t, "entry", reader.Entry(), atomicarena.Entry{Seq: 6})
	gaps, dropped := reader.Gaps()
	equal(t, "gaps", len(gaps), 1)
	equal(t, "gap", gaps[0], atomicarena.Gap{First: 0, Last: 5, Step: 1, Cause: atomicarena.Overwritten})
	equal(t, "cause", gaps[0].Cause.String(), "overwritten")
	equal(t, "dropped", dropped, 0)
	equal(t, "counts", got(reader.Counts()), atomicarena.Counts{Cursor: 7, Lag: 3, Read: 1, Overwritten: 6})

	position := got(reader.Position())
	equal(t, "position", position[0], 7)
	other := got(arena.Reader(atomicarena.ReaderOptions{From: atomicarena.FromPosition(position)}))
	defer other.Close()
	_, seq, _ = other.Next()
	equal(t, "the other's seq", seq, 7)
	must(t, reader.Seek(atomicarena.FromSeq(9)))
	_, seq, _ = reader.Next()
	equal(t, "seq", seq, 9)
	must(t, reader.Seek(atomicarena.FromOldest()))
	_, seq, _ = reader.Next()
	equal(t, "seq", seq, 6)
	must(t, reader.Seek(atomicarena.FromNewest()))
	_, _, ok = reader.Next()
	equal(t, "something", ok, false)
	wants(t, reader.Seek(atomicarena.FromPosition(position)), atomicarena.ErrInvalidArgument)
}

func TestABatchComesWithItsEntries(t *testing.T) {
	arena := create[tick](t, 16, atomicarena.Options{Time: true})
	writer := got(arena.Writer())
	defer writer.Close()
	var times []uint64
	for i := uint64(0); i < 5; i++ {
		got(writer.Alloc(tick{At: i}))
		times = append(times, writer.Entry().Time)
	}
	reader := got(arena.Reader())
	defer reader.Close()
	values, entries := make([]tick, 3), make([]atomicarena.Entry, 4)
	equal(t, "count", got(reader.NextMany(values, entries)), 3)
	for i := range values {
		equal(t, "value", values[i].At, uint64(i))
		equal(t, "entry", entries[i], atomicarena.Entry{Seq: uint64(i), Time: times[i]})
	}
	equal(t, "count", got(reader.NextMany(values, nil)), 2)
	equal(t, "value", values[1].At, 4)
	equal(t, "count", got(reader.NextMany(values, nil)), 0)
	equal(t, "count", got(reader.NextMany(nil, nil)), 0)
	_, err := reader.NextMany(values, entries[:2])
	wants(t, err, atomicarena.ErrInvalidArgument)
}

func TestTimeOrdersLanes(t *testing.T) {
	arena := create[tick](t, 16, atomicarena.Options{Writers: atomicarena.Laned, Seats: 2, Time: true})
	one, two := got(arena.Writer()), got(arena.Writer())
	defer one.Close()
	defer two.Close()
	for i := uint64(0); i < 10; i += 2 {
		got(one.Alloc(tick{At: i}))
		got(two.Alloc(tick{At: i + 1}))
	}
	reader := got(arena.Reader(atomicarena.ReaderOptions{ByTime: true, Throughput: true, Hold: -1}))
	defer reader.Close()
	for i := uint64(0); i < 10; i++ {
		must(t, reader.Wait(soon(t)))
		value, _, ok := reader.Next()
		equal(t, "ok", ok, true)
		equal(t, "value", value.At, i)
	}
	equal(t, "lanes", len(got(reader.Position())), 2)
	_, err := create[tick](t, 4).Reader(atomicarena.ReaderOptions{ByTime: true})
	wants(t, err, atomicarena.ErrInvalidArgument)
	_, err = arena.Reader(atomicarena.ReaderOptions{From: atomicarena.FromPosition([]uint64{1, 2, 3})})
	wants(t, err, atomicarena.ErrInvalidArgument)
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	reader := got(create[tick](t, 4).Reader())
	defer reader.Close()
	begin := time.Now()
	wants(t, reader.Wait(in(t, 100*time.Millisecond)), context.DeadlineExceeded)
	if time.Since(begin) < 100*time.Millisecond {
		t.Fatal("too soon")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	wants(t, reader.Wait(ctx), context.Canceled)
	ctx, cancel = context.WithCancel(context.Background())
	ended := started(func() error { return reader.Wait(ctx) })
	eventually(t, "it waits", func() bool { return reader.Seek(atomicarena.FromOldest()) == atomicarena.ErrInUse })
	time.Sleep(5 * time.Millisecond) // until it sleeps in its hub, likely
	cancel()
	wants(t, <-ended, context.Canceled)
	got(reader.Counts())
}

func TestCloseEndsAWait(t *testing.T) {
	reader := got(create[tick](t, 4).Reader())
	ended := make(chan error)
	go func() { ended <- reader.Wait(context.Background()) }()
	time.Sleep(20 * time.Millisecond)
	must(t, reader.Close())
	must(t, reader.Close())
	wants(t, <-ended, atomicarena.ErrClosed)
	_, _, ok := reader.Next()
	equal(t, "something", ok, false)
	wants(t, reader.Err(), atomicarena.ErrClosed)
	equal(t, "entry", reader.Entry(), atomicarena.Entry{})
	_, _, _ = reader.Next()
	wants(t, reader.Wait(soon(t)), atomicarena.ErrClosed)
	_, err := reader.NextMany(make([]tick, 1), nil)
	wants(t, err, atomicarena.ErrClosed)
	_, err = reader.Position()
	wants(t, err, atomicarena.ErrClosed)
	wants(t, reader.Seek(atomicarena.FromNewest()), atomicarena.ErrClosed)
	gaps, dropped := reader.Gaps()
	equal(t, "gaps", len(gaps)+int(dropped), 0)
	equal(t, "exact", reader.IsExact(), false)
}

func TestARemovedRingIsReadToItsEnd(t *testing.T) {
	arena := create[tick](t, 4)
	reader := got(arena.Reader())
	defer reader.Close()
	got(arena.Alloc(tick{At: 1}))
	must(t, atomicarena.Remove(arena.Name()))
	must(t, reader.Wait(soon(t)))
	value, _, ok := reader.Next()
	equal(t, "read", ok && value.At == 1, true)
	wants(t, reader.Wait(in(t, 5*time.Millisecond)), context.DeadlineExceeded)
}
