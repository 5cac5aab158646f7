package tests

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"atomicarena"
)

var lossless = atomicarena.Options{Lossless: true}

func TestWritersWaitForAConsumer(t *testing.T) {
	arena := create[tick](t, 8, lossless)
	consumer := got(arena.Consumer("risk"))
	defer consumer.Close()
	writer := got(arena.Writer())
	defer writer.Close()
	expected := uint64(0)
	_, err := writer.TryAlloc(tick{At: 1})
	for ; err == nil; _, err = writer.TryAlloc(tick{At: 1}) {
		expected++
	}
	wants(t, err, atomicarena.ErrNothing)
	equal(t, "full", arena.Count(), 8)
	blockers := got(writer.BlockedBy())
	equal(t, "blockers", len(blockers), 1)
	equal(t, "blocker", blockers[0].Name, "risk")
	equal(t, "in the way", blockers[0].InTheWay, true)
	begin := time.Now()
	_, err = writer.AllocFor(50*time.Millisecond, tick{})
	wants(t, err, atomicarena.ErrTimedOut)
	equal(t, "not too soon", time.Since(begin) >= 50*time.Millisecond, true)
	equal(t, "it names the consumer", strings.Contains(err.Error(), "'risk'"), true)
	equal(t, "and the time", strings.Contains(err.Error(), "within 50ms"), true)
	_, err = writer.AllocFor(0, tick{})
	wants(t, err, atomicarena.ErrTimedOut)
	_, err = writer.AllocContext(in(t, 10*time.Millisecond), tick{})
	wants(t, err, context.DeadlineExceeded)

	written := make(chan uint64)
	go func() { written <- got(writer.Alloc(tick{At: 3})) }()
	go func() { written <- got(arena.Alloc(tick{At: 4})) }()
	var sum uint64
	expected += 3 + 4
	for sum < expected {
		must(t, consumer.Wait(soon(t)))
		value, _, ok := consumer.Next()
		equal(t, "ok", ok, true)
		sum += value.At
	}
	equal(t, "values", sum, expected)
	<-written
	<-written
	must(t, consumer.Release())
	counts := got(consumer.Counts())
	equal(t, "read", counts.Read, 10)
	gaps, _ := consumer.Gaps()
	equal(t, "gaps", len(gaps), 0)
}

func TestCloseEndsAnAllocThatWaits(t *testing.T) {
	arena := create[tick](t, 1, lossless)
	consumer := got(arena.Consumer("slow"))
	defer consumer.Close()
	got(arena.Alloc(tick{}))
	ended := make(chan error, 2)
	for i := 0; i < 2; i++ {
		go func() {
			_, err := arena.Alloc(tick{})
			ended <- err
		}()
	}
	time.Sleep(20 * time.Millisecond)
	must(t, arena.Close())
	wants(t, <-ended, atomicarena.ErrClosed)
	wants(t, <-ended, atomicarena.ErrClosed)
}

func TestWhatIsBeforeAPlaceIsReleased(t *testing.T) {
	arena := create[tick](t, 8, lossless)
	consumer := got(arena.Consumer("ledger", atomicarena.ConsumerOptions{Explicitly: true}))
	defer consumer.Close()
	writer := got(arena.Writer())
	defer writer.Close()
	for i := 0; i < 8; i++ {
		got(writer.TryAlloc(tick{}))
	}
	var behindThree []uint64
	for i := 0; i < 8; i++ {
		if i == 3 {
			behindThree = got(consumer.Position())
		}
		_, _, ok := consumer.Next()
		equal(t, "ok", ok, true)
	}
	equal(t, "lanes", len(behindThree), 1)
	equal(t, "behind three", behindThree[0], 3)
	must(t, consumer.ReleaseBefore(behindThree))
	for i := 0; i < 3; i++ {
		got(writer.TryAlloc(tick{}))
	}
	_, err := writer.TryAlloc(tick{})
	wants(t, err, atomicarena.ErrNothing)
	wants(t, consumer.ReleaseBefore(nil), atomicarena.ErrInvalidArgument)
	wants(t, consumer.ReleaseBefore([]uint64{1, 2}), atomicarena.ErrInvalidArgument)
}

func TestABatchWaitsForRoom(t *testing.T) {
	arena := create[tick](t, 8, lossless)
	consumer := got(arena.Consumer("slow"))
	defer consumer.Close()
	writer := got(arena.Writer())
	defer writer.Close()
	many := make([]tick, 1000)
	for i := range many {
		many[i].At = uint64(i)
	}
	r, err := writer.AllocManyContext(in(t, 10*time.Millisecond), many)
	wants(t, err, context.DeadlineExceeded)
	equal(t, "in the ring", r, atomicarena.Range{First: 0, Last: 7, Count: 8})
	done := make(chan atomicarena.Range)
	go func() { done <- got(writer.AllocMany(many[8:])) }()
	values, entries := make([]tick, 5), make([]atomicarena.Entry, 5)
	for next := uint64(0); next < 1000; {
		must(t, consumer.Wait(soon(t)))
		n := got(consumer.NextMany(values, entries))
		for i := 0; i < n; i++ {
			equal(t, "value", values[i].At, next)
			equal(t, "seq", entries[i].Seq, next)
			next++
		}
	}
	equal(t, "the rest", <-done, atomicarena.Range{First: 8, Last: 999, Count: 992})
}

func TestConsumersAreNamed(t *testing.T) {
	arena := create[tick](t, 4, atomicarena.Options{Lossless: true, Consumers: 3})
	durable := got(arena.Consumer("keeps", atomicarena.ConsumerOptions{Durable: true, Explicitly: true,
		From: atomicarena.FromOldest()}))
	_, err := arena.Consumer("keeps")
	wants(t, err, atomicarena.ErrAlreadyExists)
	_, err = arena.Consumer("a\x00b")
	wants(t, err, atomicarena.ErrInvalidName)
	_, err = arena.Consumer("")
	wants(t, err, atomicarena.ErrInvalidArgument)
	_, err = arena.Consumer("x", atomicarena.ConsumerOptions{From: atomicarena.FromPosition([]uint64{0})})
	wants(t, err, atomicarena.ErrInvalidArgument)
	_, err = create[tick](t, 4).Consumer("x")
	wants(t, err, atomicarena.ErrInvalidArgument)
	for i := uint64(0); i < 3; i++ {
		got(arena.Alloc(tick{At: i}))
	}
	durable.Next()
	must(t, durable.Release())
	durable.Next()
	wants(t, arena.RemoveConsumer("keeps"), atomicarena.ErrAlreadyExists)
	must(t, durable.Close())
	infos := got(arena.Consumers())
	equal(t, "consumers", len(infos), 1)
	equal(t, "name", infos[0].Name, "keeps")
	equal(t, "life", infos[0].Life, atomicarena.Away)
	equal(t, "kind", infos[0].Kind, atomicarena.Alone)
	equal(t, "durable", infos[0].Durable, true)
	equal(t, "position", infos[0].Position, 1)
	equal(t, "lag", infos[0].Lag, 2)
	back := got(arena.Consumer("keeps", atomicarena.ConsumerOptions{Durable: true}))
	_, seq, _ := back.Next()
	equal(t, "what was not released comes again", seq, 1)
	must(t, back.Close())
	must(t, arena.RemoveConsumer("keeps"))
	wants(t, arena.RemoveConsumer("keeps"), atomicarena.ErrNotFound)
	wants(t, arena.EvictConsumer("keeps"), atomicarena.ErrNotFound)
	equal(t, "consumers", len(got(arena.Consumers())), 0)
}

func TestAnEvictedConsumerIsToldOnce(t *testing.T) {
	arena := create[tick](t, 2, lossless)
	consumer := got(arena.Consumer("slow"))
	defer consumer.Close()
	got(arena.Alloc(tick{}))
	got(arena.Alloc(tick{}))
	must(t, arena.EvictConsumer("slow"))
	got(arena.Alloc(tick{}))
	_, _, ok := consumer.Next()
	equal(t, "ok", ok, false)
	wants(t, consumer.Wait(soon(t)), atomicarena.ErrEvicted) // what Next has found, and nobody asked for
	_, seq, ok := consumer.Next()
	equal(t, "goes on", ok, true)
	equal(t, "with", seq, 1)
	gaps, _ := consumer.Gaps()
	equal(t, "the lost one", len(gaps) == 1 && gaps[0].Last == 0, true)
}

func TestMembersShareTheWork(t *testing.T) {
	arena := create[tick](t, 64, lossless)
	share := atomicarena.ConsumerOptions{Share: true}
	dead := got(arena.Consumer("workers", share))
	members := []*atomicarena.Consumer[tick]{got(arena.Consumer("workers", share)), got(arena.Consumer("workers", share))}
	infos := got(arena.Consumers())
	equal(t, "a group and its members", len(infos), 4)
	equal(t, "kind", infos[0].Kind, atomicarena.Group)
	equal(t, "members", infos[0].Members, 3)
	equal(t, "kind", infos[1].Kind, atomicarena.Member)
	writer := got(arena.Writer())
	defer writer.Close()
	got(writer.Alloc(tick{At: 1}))
	_, _, ok := dead.Next()
	equal(t, "ok", ok, true)
	dead.Close() // with the value in hand

	var mutex sync.Mutex
	seen := map[uint64]int{}
	redelivered := 0
	var workers sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	for _, member := range members {
		workers.Add(1)
		go func(member *atomicarena.Consumer[tick]) {
			defer workers.Done()
			defer member.Close()
			values, entries := make([]tick, 15), make([]atomicarena.Entry, 15)
			for member.Wait(ctx) == nil {
				n := got(member.NextMany(values, entries))
				mutex.Lock()
				for i := 0; i < n; i++ {
					seen[values[i].At]++
					if entries[i].Redelivered {
						redelivered++
					}
				}
				mutex.Unlock()
			}
		}(member)
	}
	const values = 2000
	for i := uint64(2); i <= values; i++ {
		got(writer.Alloc(tick{At: i}))
	}
	eventually(t, "all are seen", func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		return len(seen) == values
	})
	cancel()
	workers.Wait()
	for value, times := range seen {
		if times != 1 {
			t.Fatalf("%d came %d times", value, times)
		}
	}
	equal(t, "redelivered", redelivered, 1)
}
