// The calls that programs of AtomicArena make: it needs no other change than that of the import line.
package main

import (
	"atomicarena"
	"fmt"
)

type order struct {
	ID    uint64
	Price float64
}

func main() {
	numbers := atomicarena.NewAtomicArena[int](1024)
	number := numbers.Alloc(42)
	fmt.Println("allocated:", *number)
	fmt.Println("slot 0:", *numbers.PtrAt(0), "slot 1024:", *numbers.PtrAt(1024))

	orders := atomicarena.NewAtomicArena[order](2)
	first := orders.Alloc(order{ID: 1, Price: 10.5})
	for id := uint64(2); id <= 3; id++ {
		orders.Alloc(order{ID: id, Price: 11})
	}
	fmt.Println("the copy:", *first)
	fmt.Println("the slots:", *orders.PtrAt(0), *orders.PtrAt(1))
}
