package tests

import (
	"math/rand"
	"os"
	"testing"
	"time"

	"atomicarena"
)

// use does what a program may do, and takes any error for an answer.
func use(name string) {
	if arena, err := atomicarena.Open[checked](name); err == nil {
		arena.Alloc(checkedOf(1))
		if writer, err := arena.Writer(); err == nil {
			writer.TryAlloc(checkedOf(2))
			writer.AllocFor(time.Millisecond, checkedOf(2))
			writer.BlockedBy()
			writer.Close()
		}
		if consumer, err := arena.Consumer("c"); err == nil {
			consumer.Next()
			consumer.Close()
		}
		arena.EvictConsumer("durable")
		arena.Close()
	}
	atomicarena.Stat(name)
	view, err := atomicarena.View[checked](name)
	if err != nil {
		return
	}
	defer view.Close()
	view.Consumers()
	view.Latest()
	for _, seq := range []uint64{0, 1, view.Head() - 1, view.Head(), 1 << 63} {
		view.Read(seq)
	}
	if reader, err := view.Reader(); err == nil {
		values := make([]checked, 16)
		for i := 0; i < 20; i++ {
			if _, err := reader.NextMany(values, nil); err != nil {
				break
			}
			reader.Next()
		}
		reader.Counts()
		reader.Gaps()
		reader.Close()
	}
}

func TestACorruptSegmentIsAnErrorAtMost(t *testing.T) {
	seed := time.Now().UnixNano()
	random := rand.New(rand.NewSource(seed))
	t.Logf("seed %d", seed)
	limit := 2 * time.Second
	if isLong() {
		limit = 5 * time.Minute
	}
	for end := time.Now().Add(limit); time.Now().Before(end); {
		options := atomicarena.Options{Time: random.Intn(2) == 0, Seats: 4, Lossless: random.Intn(2) == 0}
		if options.Lossless {
			options.Patience = time.Millisecond
		}
		if random.Intn(2) == 0 {
			options.Writers = atomicarena.Laned
		}
		arena := got(atomicarena.Create[checked](unique(t), 8, options))
		name := arena.Name()
		if options.Lossless {
			got(arena.Consumer("durable", atomicarena.ConsumerOptions{Durable: true})).Close()
		}
		for i := 0; i < random.Intn(8); i++ {
			arena.Alloc(checkedOf(uint64(i)))
		}
		arena.Close()
		path := "/dev/shm/" + name
		bytes := got(os.ReadFile(path))
		for i := 0; i <= random.Intn(20); i++ {
			at := random.Intn(len(bytes))
			if random.Intn(2) == 0 {
				at = random.Intn(512)
			}
			bytes[at] = byte(random.Intn(256))
		}
		if random.Intn(10) == 0 {
			bytes = bytes[:random.Intn(len(bytes))]
		}
		must(t, os.WriteFile(path, bytes, 0o600))
		use(name)
		must(t, os.Remove(path))
	}
}

func TestAFileThatIsNoArenaIsNamed(t *testing.T) {
	name := unique(t)
	path := "/dev/shm/" + name
	must(t, os.WriteFile(path, make([]byte, 8192), 0o600))
	_, err := atomicarena.Open[tick](name)
	wants(t, err, atomicarena.ErrNotAnArena)
	must(t, os.Remove(path))
	arena := create[tick](t, 1000)
	must(t, os.WriteFile(path, got(os.ReadFile("/dev/shm/" + arena.Name()))[:9000], 0o600))
	_, err = atomicarena.View[tick](name)
	wants(t, err, atomicarena.ErrTruncated)
	must(t, os.Remove(path))
	must(t, os.Mkdir(path, 0o700))
	_, err = atomicarena.View[tick](name)
	wants(t, err, atomicarena.ErrNotAnArena)
	must(t, os.Remove(path))
}
