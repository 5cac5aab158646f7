// Package atomicarena is a ring of the last N values of a type, in named shared memory, for the processes of one Linux
// host: the Go side of arena-shm. Up to 4096 writers append at the same time, any number of readers follow, and any of
// these processes may be killed or stopped at any instruction.
//
//	type Tick struct {
//		At    uint64  `arena:"ts_ns,unit=ns,time"`
//		Price float64 `arena:"px"`
//		Sym   [8]byte `arena:"sym,text"`
//	}
//
//	ticks, err := atomicarena.OpenOrCreate[Tick]("ticks", 65536)
//	writer, err := ticks.Writer()                 // one for each goroutine
//	seq, err := writer.Alloc(Tick{At: 1, Price: 101.25})
//
//	view, err := atomicarena.View[Tick]("ticks")  // read-only; usually in another process
//	reader, err := view.Reader()
//	for {
//		for tick, seq, ok := reader.Next(); ok; tick, seq, ok = reader.Next() {
//			use(tick, seq)
//		}
//		if err := reader.Wait(ctx); err != nil {
//			return err
//		}
//	}
//
// NewAtomicArena is the ring that this library's semantics come from: of one process, and without a name.
//
// # Values
//
// T is any type without pointers: numbers, bool, arrays and structs of these. Strings, slices, maps, interfaces,
// channels, functions and pointers mean nothing in another process; a type with one is refused when it is first used,
// by an error that names the field. So is uintptr, which holds an address.
//
// The fields of a struct are written into the segment, so that the tool arena-shm, Python and others can read them. A
// tag says more about a field, as `arena:"NAME,OPTION,..."`; the name may be empty (the field's own) or "-" (the field
// is not told). These are the options:
//
//	time          when the record was made: an integer, nanoseconds since 1970 unless the unit says otherwise
//	unit=ns       a unit, for people and tools; of a struct or an array, the unit of all in it
//	text          an array of bytes that is text, up to its end or the first zero byte; without it, it is numbers
//	enum=buy:0|sell:1   the names of values, of an integer
//
// A struct in a struct is laid flat, "pos.x", and so is an array of structs, "legs[1].px"; an embedded struct has no
// name of its own unless its tag gives it one. A complex number is an array of two. Fields named _ are padding. What is
// no struct has one field, "value".
//
// # Other languages
//
// Programs share a ring if the size and the alignment of their records agree, the names and places of the fields where
// both tell them, and the names of the types where both tell them. Go tells the name of a number, as C++ has it: "u64",
// "f64". It tells none of a struct, which so agrees with the equal struct of C++, C or Python, whatever that is called.
// A method ArenaName() string gives a type a name.
//
// # Errors
//
// An error is an *Error, or its Code alone: errors.Is(err, ErrNotFound), and so on. That there is no value, or no room,
// is a Code, too. A closed handle is ErrClosed; one that another goroutine is using, ErrInUse.
//
// # Goroutines
//
// An Arena, an AtomicArena and a Timescale may be used by several goroutines at once; a Writer, Reader, Consumer or
// WaitSet by one at a time, whichever it is. Close may be called at any time, by any goroutine: it ends a wait. What is
// not closed is closed when it is collected; do not rely on it: a Writer takes a seat until then.
//
// Waits hold no thread of the operating system, beyond one for each sixty-odd of them; they end with their context.
package atomicarena
