package tests

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"atomicarena"
)

// large takes long to copy: who is killed while he writes them, is killed inside of Alloc.
type large struct {
	Words [8192]uint64
}

func (l *large) isWhole() bool {
	for _, word := range l.Words {
		if word != l.Words[0] {
			return false
		}
	}
	return true
}

func init() {
	roles["write for ever"] = func(args []string) {
		writer := got(got(atomicarena.Open[large](args[0])).Writer("victim"))
		value := new(large)
		for n := uint64(1); ; n++ {
			for i := range value.Words {
				value.Words[i] = n
			}
			got(writer.AllocMany([]large{*value, *value, *value, *value}))
			if n == 3 {
				fmt.Println("writing")
			}
		}
	}
	roles["hold"] = func(args []string) {
		arena := got(atomicarena.Open[tick](args[0]))
		writer := got(arena.Writer("holder"))
		got(writer.Alloc(tick{}))
		reader := got(arena.Reader())
		reader.Next()
		reader.Wait(contextOf(20 * time.Millisecond)) // opens what waits need
		child := exec.Command("sleep", "60")
		if err := child.Start(); err != nil {
			panic(err)
		}
		fmt.Println(child.Process.Pid)
		select {}
	}
	roles["create"] = func(args []string) {
		arena, err := atomicarena.OpenOrCreate[tick](args[0], 16)
		if err != nil {
			fmt.Println(err)
			return
		}
		info := got(arena.Info())
		fmt.Println(info.Epoch)
	}
	roles["follow"] = func(args []string) {
		reader := got(got(atomicarena.View[tick](args[0])).Reader())
		fmt.Println("following")
		for sum := uint64(0); ; {
			value, _, ok := reader.Next()
			if !ok {
				if err := reader.Wait(contextOf(20 * time.Second)); err != nil {
					panic(err)
				}
				continue
			}
			if value.At == 0 {
				fmt.Println(sum)
				return
			}
			sum += value.At
		}
	}
}

func TestAWriterThatIsKilledInsideOfAllocIsAHole(t *testing.T) {
	arena := create[large](t, 16, atomicarena.Options{Writers: atomicarena.Shared})
	writer := got(arena.Writer())
	defer writer.Close()
	reader := got(arena.Reader())
	defer reader.Close()
	value, read := new(large), make([]large, 1)
	kills := 0
	for holes := uint64(0); holes == 0 || kills < 10; kills++ {
		if kills == 300 {
			t.Fatal("no kill has hit an Alloc")
		}
		victim := start(t, "write for ever", arena.Name())
		equal(t, "it", victim.line(t), "writing")
		time.Sleep(time.Duration(kills%7) * time.Millisecond)
		must(t, victim.Process.Kill())
		victim.Wait()
		// The others go on, at once, through all slots.
		for i := 0; i < 40; i++ {
			if _, err := writer.TryAlloc(*value); err != nil && err != atomicarena.ErrNothing {
				t.Fatal(err)
			}
			for {
				n, err := reader.NextMany(read, nil)
				must(t, err)
				if n == 0 {
					break
				}
				equal(t, "whole", read[0].isWhole(), true)
			}
		}
		holes = got(reader.Counts()).Holes
	}
	eventually(t, "all is accounted for", func() bool {
		reader.NextMany(read, nil)
		counts := got(reader.Counts())
		return counts.Cursor == arena.Head() &&
			counts.Cursor == counts.Read+counts.Overwritten+counts.Holes+counts.PassedOver
	})
	t.Logf("%d kills: %+v", kills, got(reader.Counts()))
}

// The lease is the process's: a child of exec that lives on has no part in it.
func TestAChildDoesNotKeepTheLease(t *testing.T) {
	arena := create[tick](t, 16, atomicarena.Options{Writers: atomicarena.Exclusive})
	holder := start(t, "hold", arena.Name())
	child, err := strconv.Atoi(holder.line(t))
	must(t, err)
	defer syscall.Kill(child, syscall.SIGKILL)
	_, err = arena.Writer()
	wants(t, err, atomicarena.ErrTableFull)
	must(t, holder.Process.Kill())
	holder.Process.Wait()
	eventually(t, "the seat is free", func() bool {
		writer, err := arena.Writer()
		if err == nil {
			writer.Close()
		}
		return err == nil
	})
	must(t, syscall.Kill(child, 0)) // it lives
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", child))
	must(t, err)
	for _, name := range names {
		target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", child, name.Name()))
		if strings.Contains(target, "arena-test.go") || strings.Contains(target, "eventfd") {
			t.Fatalf("the child has %s", target)
		}
	}
}

// While values go through, programs are started: each is a clone with this memory, until it has become another one.
func TestProgramsAreStartedWhileOthersWrite(t *testing.T) {
	arena := create[checked](t, 64)
	stop := make(chan struct{})
	var writing sync.WaitGroup
	for g := 0; g < 2; g++ {
		writing.Add(1)
		go func() {
			defer writing.Done()
			writer := got(arena.Writer())
			defer writer.Close()
			for i := uint64(0); ; i++ {
				select {
				case <-stop:
					return
				default:
					got(writer.Alloc(checkedOf(i)))
				}
			}
		}()
	}
	for i := 0; i < 50; i++ {
		must(t, exec.Command("true").Run())
	}
	close(stop)
	writing.Wait()
	value, _, err := arena.Latest()
	must(t, err)
	equal(t, "whole", value.isWhole(), true)
}

func TestAnotherProcessFollows(t *testing.T) {
	arena := create[tick](t, 4096)
	follower := start(t, "follow", arena.Name())
	equal(t, "it", follower.line(t), "following")
	sum := uint64(0)
	for i := uint64(1); i <= 1000; i++ {
		got(arena.Alloc(tick{At: i}))
		sum += i
		if i%100 == 0 {
			time.Sleep(3 * time.Millisecond)
		}
	}
	got(arena.Alloc(tick{}))
	equal(t, "sum", follower.line(t), fmt.Sprint(sum))
}

func TestOneOfManyCreates(t *testing.T) {
	name := unique(t)
	var all []*peer
	for i := 0; i < 6; i++ {
		all = append(all, start(t, "create", name))
	}
	epoch := all[0].line(t)
	equal(t, "an epoch", strings.HasPrefix(epoch, "["), true)
	for _, one := range all[1:] {
		equal(t, "epoch", one.line(t), epoch)
	}
}
