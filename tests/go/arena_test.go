package tests

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"atomicarena"
)

type tick struct {
	At uint64  `arena:"ts_ns,unit=ns,time"`
	Px float64 `arena:"px"`
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	arena := create[tick](t, 4)
	_, _, err := arena.Latest()
	wants(t, err, atomicarena.ErrNothing)
	for i := uint64(0); i < 6; i++ {
		equal(t, "seq", got(arena.Alloc(tick{i, float64(i) / 2})), i)
	}
	equal(t, "head", arena.Head(), 6)
	equal(t, "count", arena.Count(), 6)
	view, err := atomicarena.View[tick](arena.Name())
	must(t, err)
	defer view.Close()
	value, entry, err := view.Read(3)
	must(t, err)
	equal(t, "value", value, tick{3, 1.5})
	equal(t, "entry", entry, atomicarena.Entry{Seq: 3})
	value, entry, err = view.Latest()
	must(t, err)
	equal(t, "value", value, tick{5, 2.5})
	equal(t, "seq", entry.Seq, 5)
	equal(t, "slot 1", *view.PtrAt(1), tick{5, 2.5})
	equal(t, "slot 6 mod 4", *view.PtrAt(6), tick{2, 1})
	value, _, err = view.Read(1)
	wants(t, err, atomicarena.ErrOverwritten)
	equal(t, "value", value, tick{})
	_, _, err = view.Read(6)
	wants(t, err, atomicarena.ErrNotYet)
	_, _, err = view.Read(1 << 63)
	wants(t, err, atomicarena.ErrNotYet)
	_, _, err = view.Read(math.MaxUint64)
	wants(t, err, atomicarena.ErrNotYet)
}

func TestAViewDoesNotWrite(t *testing.T) {
	arena := create[tick](t, 4)
	view := got(atomicarena.View[tick](arena.Name()))
	defer view.Close()
	_, err := view.Alloc(tick{})
	wants(t, err, atomicarena.ErrPermissionDenied)
	wants(t, err, fs.ErrPermission)
	_, err = view.Writer()
	wants(t, err, atomicarena.ErrPermissionDenied)
	wants(t, view.EvictConsumer("x"), atomicarena.ErrPermissionDenied)
	equal(t, "writers", view.HasWriters(), false)
	writer := got(arena.Writer("me"))
	equal(t, "writers", view.HasWriters(), true)
	must(t, writer.Close())
	equal(t, "writers", view.HasWriters(), false)
}

func TestNames(t *testing.T) {
	arena := create[tick](t, 4)
	_, err := atomicarena.Create[tick](arena.Name(), 4)
	wants(t, err, atomicarena.ErrAlreadyExists)
	wants(t, err, fs.ErrExist)
	var told *atomicarena.Error
	if !errors.As(err, &told) || told.Name != arena.Name() || told.Doing == "" || told.Found == "" || told.Remedy == "" {
		t.Fatalf("%#v", told)
	}
	equal(t, "retired", arena.Retired(), false)
	must(t, atomicarena.Remove(arena.Name()))
	equal(t, "retired", arena.Retired(), true)
	wants(t, atomicarena.Remove(arena.Name()), atomicarena.ErrNotFound)
	_, err = atomicarena.Open[tick](arena.Name())
	wants(t, err, atomicarena.ErrNotFound)
	wants(t, err, fs.ErrNotExist)
	_, err = atomicarena.Stat(arena.Name())
	wants(t, err, atomicarena.ErrNotFound)
	for _, name := range []string{"", "a/b", "a\x00b", ".hidden", string(make([]byte, 500))} {
		_, err = atomicarena.Create[tick](name, 4)
		wants(t, err, atomicarena.ErrInvalidName)
		wants(t, atomicarena.Remove(name), atomicarena.ErrInvalidName)
		_, err = atomicarena.Stat(name)
		wants(t, err, atomicarena.ErrInvalidName)
	}
	// Who has it open goes on.
	equal(t, "seq", got(arena.Alloc(tick{})), 0)
	equal(t, "seq", got(got(arena.Writer()).Alloc(tick{})), 1)
}

func TestOptionsAreWhatWasAskedFor(t *testing.T) {
	options := atomicarena.Options{Writers: atomicarena.Laned, Seats: 3, Mode: 0o640, Time: true, Lossless: true,
		Consumers: 5, Patience: time.Minute}
	arena := create[tick](t, 10, options)
	info := got(atomicarena.Stat(arena.Name()))
	equal(t, "name", info.Name, arena.Name())
	equal(t, "writers", info.Writers, atomicarena.Laned)
	equal(t, "lanes", info.Lanes, 3)
	equal(t, "seats", info.Seats, 3)
	equal(t, "slots", info.Slots, 30)
	equal(t, "times", info.HasTime, true)
	equal(t, "lossless", info.Lossless, true)
	equal(t, "consumers", info.Consumers, 5)
	equal(t, "patience", info.Patience, time.Minute)
	equal(t, "creator", info.CreatorPID, os.Getpid())
	equal(t, "new", time.Since(info.Created) < time.Hour && time.Since(info.Created) > -time.Hour, true)
	file, err := os.Stat("/dev/shm/" + arena.Name())
	must(t, err)
	equal(t, "mode", file.Mode().Perm(), 0o640)
	equal(t, "size", uint64(file.Size()), info.SegmentSize)

	again, err := atomicarena.OpenOrCreate[tick](arena.Name(), 10, options)
	must(t, err)
	equal(t, "epoch", got(again.Info()).Epoch, info.Epoch)
	must(t, again.Close())
	_, err = atomicarena.OpenOrCreate[tick](arena.Name(), 11, options)
	wants(t, err, atomicarena.ErrIncompatibleOptions)
	_, err = atomicarena.OpenOrCreate[tick](arena.Name(), 10)
	wants(t, err, atomicarena.ErrIncompatibleOptions)
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for _, options := range []atomicarena.Options{
		{Seats: -1}, {Seats: 5000}, {Seats: 1 << 40}, {Consumers: 257, Lossless: true}, {Writers: 3}, {Writers: -1},
		{Mode: fs.ModeDir}, {Mode: 0o1600},
	} {
		_, err := atomicarena.Create[tick](unique(t), 4, options)
		wants(t, err, atomicarena.ErrInvalidArgument)
	}
	for _, size := range []int{0, -1, math.MinInt, math.MaxInt} {
		_, err := atomicarena.Create[tick](unique(t), size)
		wants(t, err, atomicarena.ErrInvalidArgument)
	}
	_, err := atomicarena.Create[tick](unique(t), 4, atomicarena.Options{Patience: -5, Lossless: true})
	equal(t, "what is told", strings.Contains(err.Error(), "expected Patience of 0 or more, found -5"), true)
	_, err = atomicarena.Create[tick](unique(t), 4, atomicarena.Options{}, atomicarena.Options{})
	wants(t, err, atomicarena.ErrInvalidArgument)
	_, err = atomicarena.Create[tick](unique(t), 1<<40) // 24 TiB
	wants(t, err, atomicarena.ErrNoSpace)
}

func TestPermissionIsTheFiles(t *testing.T) {
	if os.Getuid() == 0 {
		if runAs(t, "open", unique(t)) {
			return
		}
		t.Skip("cannot run as another user")
	}
	arena := create[tick](t, 4, atomicarena.Options{Mode: 0o400})
	_, err := atomicarena.Open[tick](arena.Name())
	wants(t, err, atomicarena.ErrPermissionDenied)
}

// runAs tries to open an arena of root's as nobody.
func runAs(t *testing.T, role, name string) bool {
	arena := got(atomicarena.Create[tick](name, 4))
	defer arena.Close()
	child := start(t, role, name, "65534")
	answer, err := child.said.ReadString('\n')
	if err != nil {
		return false
	}
	equal(t, "open and view", answer, "true true\n")
	return true
}

func init() {
	roles["open"] = func(args []string) {
		if err := syscall.Setuid(65534); err != nil {
			return
		}
		_, open := atomicarena.Open[tick](args[0])
		_, view := atomicarena.View[tick](args[0])
		fmt.Println(errors.Is(open, fs.ErrPermission), errors.Is(view, atomicarena.ErrPermissionDenied))
	}
}

func TestAClosedArenaIsAnError(t *testing.T) {
	arena := create[tick](t, 4, atomicarena.Options{Time: true})
	scale := got(arena.Timescale())
	must(t, arena.Close())
	must(t, arena.Close())
	_, err := arena.Alloc(tick{})
	wants(t, err, atomicarena.ErrClosed)
	wants(t, err, fs.ErrClosed)
	_, _, err = arena.Read(0)
	wants(t, err, atomicarena.ErrClosed)
	_, _, err = arena.Latest()
	wants(t, err, atomicarena.ErrClosed)
	_, err = arena.Writer()
	wants(t, err, atomicarena.ErrClosed)
	_, err = arena.Reader()
	wants(t, err, atomicarena.ErrClosed)
	_, err = arena.Consumer("x")
	wants(t, err, atomicarena.ErrClosed)
	_, err = arena.Consumers()
	wants(t, err, atomicarena.ErrClosed)
	_, err = arena.Info()
	wants(t, err, atomicarena.ErrClosed)
	_, err = arena.Timescale()
	wants(t, err, atomicarena.ErrClosed)
	wants(t, arena.EvictConsumer("x"), atomicarena.ErrClosed)
	wants(t, arena.RemoveConsumer("x"), atomicarena.ErrClosed)
	equal(t, "place", arena.PtrAt(0), nil)
	equal(t, "head, count", arena.Head()+arena.Count(), 0)
	equal(t, "retired", arena.Retired(), true)
	equal(t, "writers", arena.HasWriters(), false)
	arena.Prefault()
	must(t, scale.Close())
	equal(t, "time", scale.Time(1).IsZero(), true)
	var none atomicarena.Arena[tick]
	_, err = none.Alloc(tick{})
	wants(t, err, atomicarena.ErrClosed)
	must(t, none.Close())
	var writer atomicarena.Writer[tick]
	_, err = writer.Alloc(tick{})
	wants(t, err, atomicarena.ErrClosed)
	must(t, writer.Close())
}

func TestLargeAndSmallValues(t *testing.T) {
	small := create[byte](t, 3)
	got(small.Alloc(200))
	value, _, err := small.Latest()
	must(t, err)
	equal(t, "byte", value, 200)
	large := create[[1 << 20]byte](t, 2)
	var big [1 << 20]byte
	big[1<<20-1] = 7
	got(large.Alloc(big))
	last, _, err := large.Latest()
	must(t, err)
	equal(t, "bytes", last, big)
	equal(t, "size", got(large.Info()).RecordSize, uint64(unsafe.Sizeof(big)))
}

func TestCodesAreErrors(t *testing.T) {
	equal(t, "text", atomicarena.ErrNotFound.Error(), "atomicarena: NOT_FOUND")
	equal(t, "text", atomicarena.ErrClosed.Error(), "atomicarena: the handle is closed")
	equal(t, "text", atomicarena.Code(-999).Error(), "atomicarena: UNKNOWN")
	equal(t, "deadline", errors.Is(atomicarena.ErrTimedOut, os.ErrDeadlineExceeded), true)
	equal(t, "others", errors.Is(atomicarena.ErrTimedOut, atomicarena.ErrClosed), false)
	err := &atomicarena.Error{Code: atomicarena.ErrSystem, Doing: "x", Errno: syscall.EACCES}
	equal(t, "errno", errors.Is(err, syscall.EACCES) && errors.Is(err, fs.ErrPermission), true)
}
