// Bench measures what a value costs from Go, beside what it is made of: the same in C, an empty call of C, an
// allocation of Go. What is compared is measured in turns of some milliseconds each, in one run, so that both see the
// same machine. A ratio is the median of the turns' ratios; behind it are the quartiles.
//
//	go run ./bench [-turns 200]
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sort"
	"time"

	"atomicarena"
)

type value struct {
	Words [8]uint64
}

// turn is how often one turn does it.
const turn = 16384

// contender is one way to do it, turn times.
type contender struct {
	name    string
	do      func()
	nanos   []float64 // each turn's, of one value
	against []*contender
	goal    float64 // the largest ratio that is aimed at; 0: none
	why     string
}

func (c *contender) measure() {
	begin := time.Now()
	c.do()
	c.nanos = append(c.nanos, float64(time.Since(begin).Nanoseconds())/turn)
}

// ratios are those of each turn to what it is compared with, in sum.
func (c *contender) ratios() []float64 {
	var all []float64
	for i, nanos := range c.nanos {
		sum := 0.0
		for _, other := range c.against {
			sum += other.nanos[i]
		}
		all = append(all, nanos/sum)
	}
	return all
}

// quartiles of what need not be sorted.
func quartiles(all []float64) (low, median, high float64) {
	sorted := append([]float64{}, all...)
	sort.Float64s(sorted)
	n := len(sorted)
	return sorted[n/4], sorted[n/2], sorted[3*n/4]
}

func main() {
	turns := flag.Int("turns", 200, "how often each is measured")
	flag.Parse()
	name := fmt.Sprintf("arena-bench.go.%d", os.Getpid())
	arena, err := atomicarena.Create[value](name, 1024)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	contenders := contendersOf(arena)
	atomicarena.Remove(name) // whoever needs it has it
	for i := 0; i < *turns; i++ {
		for _, c := range contenders {
			c.measure()
		}
	}
	fmt.Printf("%s, %d CPUs; values of 64 bytes; %d turns of %d\n\n", runtime.Version(), runtime.NumCPU(), *turns, turn)
	fmt.Printf("%-34s %9s   %-42s %6s\n", "what", "ns/value", "beside", "ratio")
	for _, c := range contenders {
		_, median, _ := quartiles(c.nanos)
		fmt.Printf("%-34s %9.1f", c.name, median)
		if len(c.against) > 0 {
			low, ratio, high := quartiles(c.ratios())
			fmt.Printf("   %-42s %6.2f (%.2f to %.2f)", c.why, ratio, low, high)
			if c.goal > 0 {
				fmt.Printf(", goal %.2f", c.goal)
			}
		}
		fmt.Println()
	}
}
