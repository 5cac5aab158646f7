package tests

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unsafe"

	"atomicarena"
)

type inner struct {
	Name string
}

type point struct {
	X, Y float32
}

type side uint8

type legs struct {
	Px  float64 `arena:"px"`
	Qty uint16  `arena:"qty"`
}

type base struct {
	At int64 `arena:"ts,unit=ns,time"`
}

type everything struct {
	base
	Sym    [8]byte     `arena:"sym,text"`
	Syms   [2][4]byte  `arena:"syms,text"`
	Raw    [3]byte     `arena:"raw"`
	Flag   bool        `arena:"flag"`
	Side   side        `arena:"side,enum=buy:0|sell:1"`
	Pos    point       `arena:"pos,unit=m"`
	Legs   [2]legs     `arena:"legs"`
	Grid   [2][3]int16 `arena:"grid,unit=mm"`
	Wave   complex64   `arena:"wave"`
	Hidden [4]uint32   `arena:"-"`
	_      [2]struct{}
	Plain  uint32
	Waits  time.Duration `arena:",unit=ns"`
}

const everythingSchema = `{"names":["ts","sym","syms","raw","flag","side","pos.X","pos.Y","legs[0].px","legs[0].qty",` +
	`"legs[1].px","legs[1].qty","grid","wave","Plain","Waits"],` +
	`"formats":["<i8","S8","(2,)S4","(3,)u1","?","u1","<f4","<f4",` +
	`"<f8","<u2","<f8","<u2","(2,3)<i2","(2,)<f4","<u4","<i8"],` +
	`"offsets":[0,8,16,24,27,28,32,36,40,48,56,64,72,84,108,112],"itemsize":120,` +
	`"metadata":{"fields":{"ts":{"unit":"ns"},"side":{"enum":{"buy":0,"sell":1}},"pos.X":{"unit":"m"},` +
	`"pos.Y":{"unit":"m"},"grid":{"unit":"mm"},"Waits":{"unit":"ns"}},"time":"ts"}}`

func TestFieldsAreWrittenDown(t *testing.T) {
	info := got(create[everything](t, 4).Info())
	equal(t, "schema", info.Schema, everythingSchema)
	equal(t, "name", info.RecordName, "")
	equal(t, "size", info.RecordSize, uint64(unsafe.Sizeof(everything{})))
	equal(t, "alignment", info.RecordAlign, 8)
}

func TestNumbersHaveTheNamesOfCpp(t *testing.T) {
	check := func(info atomicarena.Info, err error, name, schema string) {
		t.Helper()
		must(t, err)
		equal(t, "name", info.RecordName, name)
		equal(t, "schema", info.Schema, schema)
	}
	info, err := create[uint64](t, 1).Info()
	check(info, err, "u64", `{"names":["value"],"formats":["<u8"],"offsets":[0],"itemsize":8}`)
	info, err = create[int](t, 1).Info()
	check(info, err, "i64", `{"names":["value"],"formats":["<i8"],"offsets":[0],"itemsize":8}`)
	info, err = create[side](t, 1).Info()
	check(info, err, "u8", `{"names":["value"],"formats":["u1"],"offsets":[0],"itemsize":1}`)
	info, err = create[[3]float32](t, 1).Info()
	check(info, err, "", `{"names":["value"],"formats":["(3,)<f4"],"offsets":[0],"itemsize":12}`)
	info, err = create[[2]legs](t, 1).Info()
	check(info, err, "", `{"names":["value[0].px","value[0].qty","value[1].px","value[1].qty"],`+
		`"formats":["<f8","<u2","<f8","<u2"],"offsets":[0,8,16,24],"itemsize":32}`)
}

type named struct{ V uint64 }

func (named) ArenaName() string { return "tick.v2" }

type namedByPointer struct{ V uint64 }

func (*namedByPointer) ArenaName() string { return "tick.v3" }

func TestATypeNamesItself(t *testing.T) {
	arena := create[named](t, 1)
	equal(t, "name", got(arena.Info()).RecordName, "tick.v2")
	equal(t, "name", got(create[namedByPointer](t, 1).Info()).RecordName, "tick.v3")
	_, err := atomicarena.Open[namedByPointer](arena.Name())
	wants(t, err, atomicarena.ErrIncompatibleType)
}

func refused[T any](t *testing.T, path, remedy string) {
	t.Helper()
	_, err := atomicarena.Create[T](unique(t), 1)
	wants(t, err, atomicarena.ErrInvalidArgument)
	var told *atomicarena.Error
	if !errors.As(err, &told) || !strings.HasPrefix(told.Found, path+" ") || !strings.Contains(told.Remedy, remedy) {
		t.Fatalf("expected %q found, and %q to do, found %q, %q", path, remedy, told.Found, told.Remedy)
	}
	_, again := atomicarena.View[T]("arena-test.go.none")
	equal(t, "the second time", again.Error(), err.Error())
}

func TestPointersAreRefusedByTheirPath(t *testing.T) {
	refused[string](t, "string", "bytes")
	refused[*int](t, "*int", "value itself")
	refused[any](t, "interface {}", "one type")
	refused[unsafe.Pointer](t, "unsafe.Pointer", "uint64")
	refused[[2]string](t, "[2]string", "bytes")
	refused[inner](t, "field tests.inner.Name", "[16]byte")
	refused[struct{ A [2]inner }](t, "field struct { A [2]tests.inner }.A[0].Name", "[16]byte")
	refused[struct{ M map[int]int }](t, "field struct { M map[int]int }.M", "array of structs")
	refused[struct{ S []byte }](t, "field struct { S []uint8 }.S", "an array")
	refused[struct{ F func() }](t, "field struct { F func() }.F", "function")
	refused[struct{ C chan int }](t, "field struct { C chan int }.C", "channel")
	refused[struct{ U uintptr }](t, "field struct { U uintptr }.U", "address")
	refused[struct{ At time.Time }](t, "field struct { At time.Time }.At.loc", "UnixNano")
	refused[struct {
		_ *int
		V int
	}](t, "field struct { _ *int; V int }._", "value itself")
	refused[struct {
		V int    `arena:"-"`
		H [1]any `arena:"-"`
	}](t, "field struct { V int \"arena:\\\"-\\\"\"; H [1]interface {} \"arena:\\\"-\\\"\" }.H", "one type")
}

func refusedWith[T any](t *testing.T, text string) {
	t.Helper()
	_, err := atomicarena.Create[T](unique(t), 1)
	wants(t, err, atomicarena.ErrInvalidArgument)
	if !strings.Contains(err.Error(), text) {
		t.Fatalf("expected %q in %q", text, err)
	}
}

func TestWrongTagsAreRefused(t *testing.T) {
	refusedWith[struct {
		V int `arena:"v,tiem"`
	}](t, `the option "tiem"`)
	refusedWith[struct {
		V int `arena:"v,enum=buy"`
	}](t, `the enumerator "buy"`)
	refusedWith[struct {
		V uint8 `arena:"v,enum=buy:0|sell:256"`
	}](t, "sell = 256")
	refusedWith[struct {
		V [4]int32 `arena:"v,text"`
	}](t, "an array of bytes")
	refusedWith[struct {
		P point `arena:"p,time"`
	}](t, "with text, time or enum")
	refusedWith[struct {
		V float64 `arena:"v,time"`
	}](t, "an integer as the time")
	refusedWith[struct {
		A int `arena:"v"`
		B int `arena:"v"`
	}](t, "'v' twice")
	refusedWith[struct {
		A int `arena:"quo\\\"te"`
	}](t, "without quotes")
	refusedWith[struct{}](t, "at least one byte")
	refusedWith[[5000]point](t, "at most 4096 fields")
}

func TestAnotherRecordIsRefusedFieldByField(t *testing.T) {
	type tick struct {
		Px float64 `arena:"px"`
		N  uint64  `arena:"n"`
	}
	type other struct {
		Px float64 `arena:"px"`
		N  int64   `arena:"n"`
	}
	arena := create[tick](t, 4)
	_, err := atomicarena.Open[other](arena.Name())
	wants(t, err, atomicarena.ErrIncompatibleType)
	if text := err.Error(); !strings.Contains(text, "n <i8 at 8") || !strings.Contains(text, "n <u8 at 8") {
		t.Fatal(text)
	}
	_, err = atomicarena.View[[3]uint64](arena.Name())
	wants(t, err, atomicarena.ErrIncompatibleType)
	_, err = atomicarena.OpenOrCreate[other](arena.Name(), 4)
	wants(t, err, atomicarena.ErrIncompatibleType)
}
