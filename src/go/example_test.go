package atomicarena_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"atomicarena"
)

type Tick struct {
	At    uint64  `arena:"ts_ns,unit=ns,time"`
	Price float64 `arena:"px"`
	Sym   [8]byte `arena:"sym,text"`
}

// nameOf is a name of this process's own; yours is a constant.
func nameOf(what string) string {
	return "arena-test.go-example." + what + "." + strconv.Itoa(os.Getpid())
}

func Example() {
	name := nameOf("ticks")
	ticks, err := atomicarena.OpenOrCreate[Tick](name, 65536)
	if err != nil {
		log.Fatal(err) // cannot open 'ticks': expected ..., found ...; what to do
	}
	defer atomicarena.Remove(name)
	writer, err := ticks.Writer()
	if err != nil {
		log.Fatal(err)
	}
	for i := uint64(1); i <= 3; i++ {
		writer.Alloc(Tick{At: i, Price: 100 + float64(i), Sym: [8]byte{'E', 'S'}})
	}

	view, err := atomicarena.View[Tick](name) // usually in another process
	if err != nil {
		log.Fatal(err)
	}
	reader, err := view.Reader()
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	for {
		for tick, seq, ok := reader.Next(); ok; tick, seq, ok = reader.Next() {
			fmt.Println(seq, tick.At, tick.Price)
		}
		if err := reader.Wait(ctx); err != nil {
			fmt.Println(err)
			break
		}
	}
	// Output:
	// 0 1 101
	// 1 2 102
	// 2 3 103
	// context deadline exceeded
}

func ExampleNewAtomicArena() {
	arena := atomicarena.NewAtomicArena[int](2)
	first := arena.Alloc(1)
	arena.Alloc(2)
	arena.Alloc(3) // over 1
	fmt.Println(*first, *arena.PtrAt(0), *arena.PtrAt(1), *arena.PtrAt(3))
	// Output: 1 3 2 2
}

func ExampleOpen() {
	_, err := atomicarena.Open[Tick](nameOf("nothing"))
	var told *atomicarena.Error
	fmt.Println(errors.Is(err, atomicarena.ErrNotFound), errors.As(err, &told) && told.Doing == "open")
	// Output: true true
}

func ExampleCreate_pointers() {
	type order struct {
		ID     uint64
		Symbol string
	}
	_, err := atomicarena.Create[order](nameOf("orders"), 1024)
	var told *atomicarena.Error
	errors.As(err, &told)
	fmt.Println(told.Found)
	fmt.Println(told.Remedy)
	// Output:
	// field atomicarena_test.order.Symbol of type string
	// use an array of bytes, [16]byte with the tag `arena:",text"`
}

func ExampleArena_Consumer() {
	name := nameOf("jobs")
	jobs, err := atomicarena.Create[uint64](name, 1024, atomicarena.Options{Lossless: true})
	if err != nil {
		log.Fatal(err)
	}
	defer atomicarena.Remove(name)
	worker, err := jobs.Consumer("workers", atomicarena.ConsumerOptions{Share: true}) // as many as you like
	if err != nil {
		log.Fatal(err)
	}
	defer worker.Close()
	for job := uint64(1); job <= 3; job++ {
		jobs.Alloc(job) // waits while the ring is full
	}
	for job, _, ok := worker.Next(); ok; job, _, ok = worker.Next() {
		fmt.Println(job)
	}
	// Output:
	// 1
	// 2
	// 3
}

func ExampleReader_Gaps() {
	name := nameOf("gaps")
	ring, err := atomicarena.Create[int32](name, 4)
	if err != nil {
		log.Fatal(err)
	}
	defer atomicarena.Remove(name)
	reader, err := ring.Reader()
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	for i := int32(0); i < 10; i++ {
		ring.Alloc(i)
	}
	value, seq, _ := reader.Next()
	gaps, _ := reader.Gaps()
	fmt.Println(value, seq, gaps[0].First, gaps[0].Last, gaps[0].Cause)
	// Output: 6 6 0 5 overwritten
}

func ExampleWaitSet() {
	ticks, orders := nameOf("a"), nameOf("b")
	a, err := atomicarena.Create[int](ticks, 16)
	if err != nil {
		log.Fatal(err)
	}
	defer atomicarena.Remove(ticks)
	b, err := atomicarena.Create[float64](orders, 16)
	if err != nil {
		log.Fatal(err)
	}
	defer atomicarena.Remove(orders)
	one, _ := a.Reader()
	two, _ := b.Reader()
	set, err := atomicarena.NewWaitSet()
	if err != nil {
		log.Fatal(err)
	}
	defer set.Close()
	set.Add(one)
	set.Add(two)
	b.Alloc(1.5)
	if err := set.Wait(context.Background()); err == nil {
		fmt.Println(set.IsReady(one), set.IsReady(two))
	}
	// Output: false true
}
