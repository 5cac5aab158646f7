package tests

import (
	"context"
	"errors"
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"atomicarena"
)

// player makes random calls of handles that others use and close meanwhile. All answers will do, but a crash.
type player struct {
	*rand.Rand
	t *testing.T
	*table
}

// table is what the players share.
type table struct {
	sync.Mutex
	names     []string
	arenas    []*atomicarena.Arena[checked]
	writers   []*atomicarena.Writer[checked]
	readers   []*atomicarena.Reader[checked]
	consumers []*atomicarena.Consumer[checked]
	sets      []*atomicarena.WaitSet
	nameless  []*atomicarena.AtomicArena[checked]
}

func pick[H any](p player, handles *[]H) H {
	p.Lock()
	defer p.Unlock()
	return (*handles)[p.Intn(len(*handles))]
}

// put puts a handle in another one's place, which is closed, or forgotten.
func put[H interface{ Close() error }](p player, handles *[]H, handle H, err error) {
	if err != nil {
		var told *atomicarena.Error
		var code atomicarena.Code
		if !errors.As(err, &told) && !errors.As(err, &code) {
			p.t.Errorf("%T %v", err, err)
		}
		return
	}
	p.Lock()
	i := p.Intn(len(*handles))
	old := (*handles)[i]
	(*handles)[i] = handle
	p.Unlock()
	if p.Intn(2) == 0 {
		old.Close()
	}
}

func (p player) options() atomicarena.Options {
	options := atomicarena.Options{Writers: atomicarena.Writers(p.Intn(4)), Seats: p.Intn(6), Time: p.Intn(2) == 0,
		Lossless: p.Intn(2) == 0, Consumers: p.Intn(4)}
	if options.Lossless {
		options.Patience = time.Duration(p.Intn(3)) * time.Millisecond
	}
	return options
}

func (p player) name() string { return p.names[p.Intn(len(p.names))] }

func (p player) from() atomicarena.From {
	return []atomicarena.From{{}, atomicarena.FromOldest(), atomicarena.FromNewest(), atomicarena.FromSeq(p.Uint64()),
		atomicarena.FromPosition([]uint64{p.Uint64(), 3})}[p.Intn(5)]
}

func (p player) check(value checked, ok bool) {
	if ok && !value.isWhole() {
		p.t.Error("a torn value")
	}
}

// play makes one call.
func (p player) play() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(p.Intn(3000))*time.Microsecond)
	defer cancel()
	arena, writer := pick(p, &p.arenas), pick(p, &p.writers)
	reader, consumer, set := pick(p, &p.readers), pick(p, &p.consumers), pick(p, &p.sets)
	value := checkedOf(p.Uint64())
	hold := time.Duration(p.Intn(3)-1) * time.Microsecond
	switch p.Intn(38) {
	case 0:
		made, err := atomicarena.OpenOrCreate[checked](p.name(), p.Intn(5), p.options())
		put(p, &p.arenas, made, err)
	case 1:
		opened, err := atomicarena.Open[checked](p.name())
		put(p, &p.arenas, opened, err)
	case 2:
		opened, err := atomicarena.View[checked](p.name())
		put(p, &p.arenas, opened, err)
	case 3:
		if p.Intn(5) == 0 {
			atomicarena.Remove(p.name())
		}
	case 4:
		made, err := arena.Writer("fuzz")
		put(p, &p.writers, made, err)
	case 5:
		made, err := arena.Reader(atomicarena.ReaderOptions{From: p.from(), ByTime: p.Intn(3) == 0, Hold: hold,
			Throughput: p.Intn(2) == 0, KeepGaps: p.Intn(3), Poll: p.Intn(2) == 0})
		put(p, &p.readers, made, err)
	case 6:
		made, err := arena.Consumer(strconv.Itoa(p.Intn(3)), atomicarena.ConsumerOptions{From: p.from(), Hold: hold,
			ByTime: p.Intn(4) == 0, Share: p.Intn(2) == 0, Durable: p.Intn(2) == 0, Explicitly: p.Intn(3) == 0})
		put(p, &p.consumers, made, err)
	case 7:
		if p.Intn(10) == 0 {
			made, err := atomicarena.NewWaitSet()
			put(p, &p.sets, made, err)
		}
	case 8:
		if p.Intn(10) == 0 {
			put(p, &p.nameless, atomicarena.NewAtomicArena[checked](1+p.Intn(4)), nil)
		}
	case 9, 10:
		writer.TryAlloc(value)
	case 11:
		writer.AllocContext(ctx, value)
	case 12:
		writer.AllocFor(time.Duration(p.Intn(2000))*time.Microsecond, value)
	case 13:
		writer.AllocManyContext(ctx, []checked{value, value, value}[:p.Intn(4)])
	case 14:
		if info, err := arena.Info(); err == nil && !info.Lossless { // else it waits for ever
			arena.Alloc(value)
		}
	case 15, 16, 17:
		got, _, ok := reader.Next()
		p.check(got, ok)
	case 18, 19:
		got, _, ok := consumer.Next()
		p.check(got, ok)
	case 20, 21:
		var many [4]checked
		n, _ := reader.NextMany(many[:p.Intn(5)], nil)
		for _, got := range many[:n] {
			p.check(got, true)
		}
	case 22:
		consumer.NextMany(make([]checked, 3), make([]atomicarena.Entry, 3))
	case 23:
		reader.Wait(ctx)
	case 24:
		consumer.Wait(ctx)
	case 25:
		set.Wait(ctx)
	case 26:
		set.Add([]atomicarena.Waitable{reader, consumer, writer}[p.Intn(3)])
	case 27:
		set.Remove([]atomicarena.Waitable{reader, consumer, writer}[p.Intn(3)])
	case 28:
		set.IsReady(reader)
	case 29:
		consumer.Release()
		consumer.Counts()
		consumer.Gaps()
	case 30:
		reader.Seek(p.from())
		reader.Position()
		reader.Counts()
		reader.Gaps()
	case 31:
		got, _, err := arena.Read(p.Uint64() % 100)
		p.check(got, err == nil)
		got, _, err = arena.Latest()
		p.check(got, err == nil)
	case 32:
		arena.Consumers()
		arena.EvictConsumer(strconv.Itoa(p.Intn(3)))
		arena.RemoveConsumer(strconv.Itoa(p.Intn(3)))
	case 33:
		arena.Head()
		arena.Retired()
		arena.HasWriters()
	case 34:
		if scale, err := arena.Timescale(); err == nil {
			scale.Time(p.Uint64())
			scale.Close()
		}
	case 35:
		writer.BlockedBy()
		writer.Seat()
	case 36:
		func() {
			defer func() { recover() }() // it is closed
			got := pick(p, &p.nameless).Alloc(value)
			p.check(*got, true)
		}()
	case 37:
		runtime.GC()
	}
}

func TestRandomCallsDoNotCrash(t *testing.T) {
	seed := time.Now().UnixNano()
	if text := os.Getenv("ARENA_TEST_SEED"); text != "" {
		seed = got(strconv.ParseInt(text, 10, 64))
	}
	t.Logf("seed %d", seed)
	limit := 4 * time.Second
	if isLong() {
		limit = 10 * time.Minute
	}
	shared := &table{names: []string{unique(t), unique(t), unique(t), "no/name"}}
	for i := 0; i < 4; i++ {
		shared.arenas = append(shared.arenas, nil)
		shared.writers = append(shared.writers, new(atomicarena.Writer[checked]))
		shared.readers = append(shared.readers, new(atomicarena.Reader[checked]))
		shared.consumers = append(shared.consumers, new(atomicarena.Consumer[checked]))
		shared.sets = append(shared.sets, got(atomicarena.NewWaitSet()))
		shared.nameless = append(shared.nameless, atomicarena.NewAtomicArena[checked](2))
		shared.arenas[i] = new(atomicarena.Arena[checked])
	}
	end := time.Now().Add(limit)
	var players sync.WaitGroup
	for i := int64(0); i < 6; i++ {
		players.Add(1)
		go func(i int64) {
			defer players.Done()
			for p := (player{rand.New(rand.NewSource(seed + i)), t, shared}); time.Now().Before(end); {
				p.play()
			}
		}(i)
	}
	players.Wait()
	for i := range shared.arenas {
		shared.arenas[i].Close()
		shared.writers[i].Close()
		shared.readers[i].Close()
		shared.consumers[i].Close()
		shared.sets[i].Close()
		shared.nameless[i].Close()
	}
}
