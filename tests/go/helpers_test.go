package tests

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atomicarena"
)

// roles are what this program does as a child of a test: it is started with its name, and what the test gives it.
var roles = map[string]func(args []string){}

const roleVariable = "ARENA_TEST_ROLE"

func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv(roleVariable)]; ok {
		role(os.Args[1:])
		return
	}
	os.Exit(m.Run())
}

// peer is this program in a role.
type peer struct {
	*exec.Cmd
	said *bufio.Reader
}

// start begins a role; it is killed at the end of the test.
func start(t *testing.T, role string, args ...string) *peer {
	t.Helper()
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), roleVariable+"="+role)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	return &peer{command, bufio.NewReader(out)}
}

// line is the next one that the peer says.
func (p *peer) line(t *testing.T) string {
	t.Helper()
	line, err := p.said.ReadString('\n')
	must(t, err)
	return strings.TrimSuffix(line, "\n")
}

var names atomic.Int64

// unique is a name of an arena that is removed at the end of the test.
func unique(t testing.TB) string {
	name := fmt.Sprintf("arena-test.go.%d.%d", os.Getpid(), names.Add(1))
	t.Cleanup(func() {
		if err := atomicarena.Remove(name); err != nil && !errors.Is(err, atomicarena.ErrNotFound) {
			t.Error(err)
		}
	})
	return name
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got is a value that was got without an error.
func got[V any](value V, err error) V {
	if err != nil {
		panic(err)
	}
	return value
}

// wants tests an error's code.
func wants(t testing.TB, err error, code error) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Fatalf("expected %v, found %v", code, err)
	}
}

func equal[V comparable](t testing.TB, what string, found, expected V) {
	t.Helper()
	if found != expected {
		t.Fatalf("%s: expected %v, found %v", what, expected, found)
	}
}

// create makes an arena that is closed at the end of the test.
func create[T any](t testing.TB, size int, options ...atomicarena.Options) *atomicarena.Arena[T] {
	t.Helper()
	arena, err := atomicarena.Create[T](unique(t), size, options...)
	must(t, err)
	t.Cleanup(func() { arena.Close() })
	return arena
}

// in is a context that ends after a time.
func in(t testing.TB, timeout time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

// contextOf is the same, of a role.
func contextOf(timeout time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	_ = cancel // the process ends before
	return ctx
}

// soon is for what happens at once, on a machine that may be busy.
func soon(t testing.TB) context.Context { return in(t, 20*time.Second) }

// eventually waits until something is true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

// started makes a call in a goroutine of its own, again while the handle is in use by who looks whether it has begun.
func started(call func() error) <-chan error {
	ended := make(chan error, 1)
	go func() {
		err := call()
		for err == atomicarena.ErrInUse {
			err = call()
		}
		ended <- err
	}()
	return ended
}

// checked is a value that shows whether it is whole.
type checked struct {
	Words [32]uint64
}

func checkedOf(n uint64) checked {
	var c checked
	for i := range c.Words {
		c.Words[i] = n
	}
	return c
}

func (c checked) isWhole() bool {
	for _, word := range c.Words {
		if word != c.Words[0] {
			return false
		}
	}
	return true
}

// isLong is whether tests may take minutes.
func isLong() bool { return os.Getenv("ARENA_SHM_LONG") == "1" }
