package tests

import (
	"sync"
	"testing"
	"time"

	"atomicarena"
)

func TestABatchIsOneRange(t *testing.T) {
	arena := create[tick](t, 8)
	writer := got(arena.Writer())
	defer writer.Close()
	r, err := writer.AllocMany(nil)
	must(t, err)
	equal(t, "nothing", r, atomicarena.Range{})
	var many []tick
	for i := uint64(0); i < 20; i++ {
		many = append(many, tick{At: i})
	}
	r, err = writer.AllocMany(many[:3])
	must(t, err)
	equal(t, "three", r, atomicarena.Range{First: 0, Last: 2, Count: 3})
	r, err = writer.AllocMany(many)
	must(t, err)
	equal(t, "more than a lap", r, atomicarena.Range{First: 3, Last: 22, Count: 20})
	value, _, err := arena.Read(22)
	must(t, err)
	equal(t, "the last one", value.At, 19)
	r, err = writer.AllocManyContext(soon(t), many[:2])
	must(t, err)
	equal(t, "one by one", r, atomicarena.Range{First: 23, Last: 24, Count: 2})
	seq, err := writer.TryAlloc(tick{At: 7})
	must(t, err)
	equal(t, "try", seq, 25)
	seq, err = writer.AllocFor(time.Second, tick{At: 8})
	must(t, err)
	equal(t, "for", seq, 26)
	seq, err = writer.AllocContext(soon(t), tick{At: 8})
	must(t, err)
	equal(t, "context", seq, 27)
	equal(t, "seq", writer.Entry().Seq, 27)
	equal(t, "blocked by", len(got(writer.BlockedBy())), 0)
}

func TestSeatsAreLimited(t *testing.T) {
	arena := create[tick](t, 8, atomicarena.Options{Writers: atomicarena.Exclusive})
	first := got(arena.Writer("first"))
	equal(t, "seat", got(first.Seat()), 0)
	_, err := arena.Writer()
	wants(t, err, atomicarena.ErrTableFull)
	must(t, first.Close())
	second, err := arena.Writer()
	must(t, err)
	must(t, second.Close())
	_, err = first.Alloc(tick{})
	wants(t, err, atomicarena.ErrClosed)
	_, err = first.AllocMany(make([]tick, 2))
	wants(t, err, atomicarena.ErrClosed)
	_, err = first.AllocFor(time.Second, tick{})
	wants(t, err, atomicarena.ErrClosed)
	_, err = first.Seat()
	wants(t, err, atomicarena.ErrClosed)
	_, err = first.BlockedBy()
	wants(t, err, atomicarena.ErrClosed)
}

func TestAWriterOutlivesItsArena(t *testing.T) {
	arena := create[tick](t, 8)
	view := got(atomicarena.View[tick](arena.Name()))
	writer, reader := got(arena.Writer()), got(arena.Reader())
	must(t, arena.Close())
	equal(t, "seq", got(writer.Alloc(tick{At: 5})), 0)
	value, _, ok := reader.Next()
	equal(t, "read", ok && value.At == 5, true)
	equal(t, "head", view.Head(), 1)
	writer.Close()
	reader.Close()
	view.Close()
}

func TestTimesAreTimesOfDay(t *testing.T) {
	arena := create[tick](t, 8, atomicarena.Options{Time: true})
	writer := got(arena.Writer())
	defer writer.Close()
	before := time.Now()
	got(writer.Alloc(tick{}))
	after := time.Now()
	scale := got(arena.Timescale())
	defer scale.Close()
	at := scale.Time(writer.Entry().Time)
	if at.Before(before.Add(-time.Second)) || at.After(after.Add(time.Second)) {
		t.Fatalf("%v is not between %v and %v", at, before, after)
	}
	_, entry, err := arena.Read(0)
	must(t, err)
	equal(t, "as read", entry.Time, writer.Entry().Time)
	_, err = create[tick](t, 1).Timescale()
	wants(t, err, atomicarena.ErrInvalidArgument)
}

// A value at a time through any goroutine: none is lost, none is torn, whoever closes what in between.
func TestManyGoroutinesWriteAndClose(t *testing.T) {
	arena := create[checked](t, 64)
	reader := got(arena.Reader())
	defer reader.Close()
	var writers sync.WaitGroup
	const goroutines, values = 8, 2000
	for g := 0; g < goroutines; g++ {
		writers.Add(1)
		go func(g int) {
			defer writers.Done()
			writer := got(arena.Writer())
			for i := 0; i < values; i++ {
				value := checkedOf(uint64(g*values + i))
				if i%2 == 0 {
					got(writer.Alloc(value))
				} else {
					got(arena.Alloc(value))
				}
				if i%100 == 99 {
					writer.Close()
					writer = got(arena.Writer())
				}
			}
			writer.Close()
		}(g)
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		for value, _, ok := reader.Next(); ok; value, _, ok = reader.Next() {
			equal(t, "whole", value.isWhole(), true)
		}
		must(t, reader.Err())
	}
	counts := got(reader.Counts())
	equal(t, "cursor", counts.Cursor, arena.Head())
	equal(t, "accounted for", counts.Read+counts.Overwritten+counts.Holes+counts.PassedOver, counts.Cursor)
	if counts.Cursor < goroutines*values { // numbers that were skipped come on top
		t.Fatal(counts)
	}
}

func TestTwoGoroutinesAtOnceAreAnError(t *testing.T) {
	arena := create[tick](t, 1, atomicarena.Options{Lossless: true})
	consumer := got(arena.Consumer("slow"))
	defer consumer.Close()
	writer := got(arena.Writer())
	defer writer.Close()
	got(writer.Alloc(tick{}))
	waits := started(func() error {
		_, err := writer.Alloc(tick{})
		return err
	})
	eventually(t, "the first one waits", func() bool {
		_, err := writer.TryAlloc(tick{})
		if err == nil {
			t.Fatal("there was room")
		}
		return err == atomicarena.ErrInUse
	})
	_, err := writer.AllocMany(make([]tick, 2))
	wants(t, err, atomicarena.ErrInUse)
	_, err = writer.BlockedBy()
	wants(t, err, atomicarena.ErrInUse)
	writer.Close() // from another goroutine than the one that waits
	wants(t, <-waits, atomicarena.ErrClosed)
	eventually(t, "the seat is free", func() bool { return !arena.HasWriters() })
}
