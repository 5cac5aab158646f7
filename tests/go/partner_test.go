package tests

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"atomicarena"
)

// trade is the Trade of partner.cpp.
type trade struct {
	At   int64   `arena:"ts,unit=ns,time"`
	Sym  [8]byte `arena:"sym,text"`
	Side side    `arena:"side,enum=buy:0|sell:1"`
	Firm bool    `arena:"firm"`
	Legs [2]legs `arena:"legs"`
	Raw  [3]byte `arena:"raw"`
}

func tradeAt(ts int64) trade {
	return trade{ts, [8]byte{'E', 'S'}, 1, true, [2]legs{{1.5, 2}, {2.5, 3}}, [3]byte{7, 8, 9}}
}

// program is another one that CTest has built.
func program(t *testing.T, variable string) string {
	path := os.Getenv(variable)
	if path == "" {
		t.Skip(variable + " is not set")
	}
	return path
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	command := exec.Command(program, args...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	must(t, err)
	return string(out)
}

func TestCppReadsWhatGoWrites(t *testing.T) {
	partner := program(t, "ARENA_GO_PARTNER")
	arena := create[trade](t, 8)
	for i := int64(1); i <= 2; i++ {
		got(arena.Alloc(tradeAt(i)))
	}
	equal(t, "C++", output(t, partner, "read", arena.Name()), "0 1 ES sell 1 2.5 3 9\n1 2 ES sell 1 2.5 3 9\n")
}

func TestGoReadsWhatCppWrites(t *testing.T) {
	partner := program(t, "ARENA_GO_PARTNER")
	name := unique(t)
	command := exec.Command(partner, "create", name)
	command.Stderr = os.Stderr
	out := got(command.StdoutPipe())
	in := got(command.StdinPipe())
	must(t, command.Start())
	defer command.Wait()
	defer in.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	equal(t, "C++", line, "written\n")
	arena, err := atomicarena.Open[trade](name)
	must(t, err)
	defer arena.Close()
	info := got(arena.Info())
	equal(t, "its name for the type", info.RecordName, "Trade")
	equal(t, "its fields are ours", info.Schema, got(create[trade](t, 1).Info()).Schema)
	reader := got(arena.Reader())
	defer reader.Close()
	for i := int64(1); i <= 3; i++ {
		value, _, ok := reader.Next()
		equal(t, "ok", ok, true)
		equal(t, "value", value, tradeAt(i))
	}
	equal(t, "seq", got(arena.Alloc(tradeAt(4))), 3)
	_, err = atomicarena.Open[tick](name)
	wants(t, err, atomicarena.ErrIncompatibleType)
}

func TestTheToolShowsTheFields(t *testing.T) {
	tool := program(t, "ARENA_SHM_TOOL")
	arena := create[trade](t, 8)
	got(arena.Alloc(tradeAt(1)))
	equal(t, "tail", output(t, tool, "tail", arena.Name(), "--from", "0", "--format", "ndjson"),
		`{"_seq":0,"ts":1,"sym":"ES","side":"sell","firm":true,"legs[0].px":1.5,"legs[0].qty":2,`+
			`"legs[1].px":2.5,"legs[1].qty":3,"raw":[7,8,9]}`+"\n")
	numbers := create[uint64](t, 8)
	got(numbers.Alloc(42))
	equal(t, "tail", output(t, tool, "tail", numbers.Name(), "--from", "0", "--format", "ndjson"),
		`{"_seq":0,"value":42}`+"\n")
	writer := got(arena.Writer("from Go"))
	defer writer.Close()
	equal(t, "the holder is named", strings.Contains(output(t, tool, "seats", arena.Name()), "from Go"), true)
}
