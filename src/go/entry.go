package atomicarena

// #include "shim_read.h"
import "C"

// Entry is what comes with a value.
type Entry struct {
	Seq         uint64 // its sequence number
	Time        uint64 // of its append, by the arena's clock: see Timescale; 0: the arena has no times
	Late        bool   // it comes after later ones
	Redelivered bool   // of a Consumer that shares: another one may have had it
} // laid out as arena_shm_entry: batches are filled in place

func entryOf(c C.arena_shm_entry) Entry {
	return Entry{uint64(c.seq), uint64(c.time), bool(c.late), bool(c.redelivered)}
}

// Range is where a batch went. Its values have growing numbers from First to Last; those in between may be others'.
type Range struct {
	First uint64
	Last  uint64
	Count uint64 // 0: First and Last mean nothing
}

func (r *Range) add(c C.arena_shm_range) {
	if c.count == 0 {
		return
	}
	if r.Count == 0 {
		r.First = uint64(c.first)
	}
	r.Last = uint64(c.last)
	r.Count += uint64(c.count)
}

// Loss is why a value was not delivered.
type Loss int32

const (
	Overwritten Loss = C.ARENA_SHM_LOST_OVERWRITTEN // a later value took its slot before the reader came
	Hole        Loss = C.ARENA_SHM_LOST_HOLE        // its writer died or skipped it
	PassedOver  Loss = C.ARENA_SHM_LOST_PASSED_OVER // its writer lives, and took too long; or the reader jumped ahead
)

// String is "overwritten", "hole" or "passed over".
func (l Loss) String() string {
	switch l {
	case Overwritten:
		return "overwritten"
	case Hole:
		return "hole"
	case PassedOver:
		return "passed over"
	}
	return "unknown"
}

// Gap is a run of values that were not delivered, all for the same reason: First, First + Step, ..., Last.
type Gap struct {
	First uint64
	Last  uint64
	Step  uint64 // the number of lanes
	Cause Loss
}

// Counts is what became of the values. For each lane, and so in sum, what the cursor has advanced is
// Read + Overwritten + Holes + PassedOver + Awaited.
type Counts struct {
	Cursor      uint64 // the next number that is wanted; in lanes, the lowest of those
	Lag         uint64 // values handed out, and neither delivered nor lost
	Read        uint64
	Overwritten uint64
	Holes       uint64
	PassedOver  uint64 // of a Reader
	Awaited     uint64 // of a Consumer: gone on without, and still to come
	Late        uint64 // of a Consumer: of those read, so many came late
	Redelivered uint64 // of a Consumer that shares: of those read, so many another one may have had
}

func countsOf(c *C.arena_shm_counts) Counts {
	return Counts{uint64(c.cursor), uint64(c.lag), uint64(c.read), uint64(c.overwritten), uint64(c.holes),
		uint64(c.passed_over), uint64(c.awaited), uint64(c.late), uint64(c.redelivered)}
}

// gapsOf asks for all gaps, by a call that gives some of them.
func gapsOf(take func(gaps *C.arena_shm_gap, capacity C.size_t, dropped *C.uint64_t) C.size_t) ([]Gap, uint64) {
	var gaps []Gap
	var dropped uint64
	for {
		var some [defaultGaps]C.arena_shm_gap
		var more C.uint64_t
		count := take(&some[0], defaultGaps, &more)
		dropped += uint64(more)
		for _, gap := range some[:count] {
			gaps = append(gaps, Gap{uint64(gap.first), uint64(gap.last), uint64(gap.step), Loss(gap.cause)})
		}
		if count < defaultGaps {
			return gaps, dropped
		}
	}
}
