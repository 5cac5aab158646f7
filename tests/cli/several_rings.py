"""Several arenas with times, for the tests."""

import json
import signal

from arena_cli import OK, SHM
from timed import TimedTest

# Times of their own, so that no test depends on when something is written.
OWN_TIMES = ('{"names":["ts","n"],"formats":["<i8","<i8"],"offsets":[0,8],"itemsize":16,'
             '"metadata":{"fields":{"ts":{"unit":"%s"}},"time":"ts"}}')


class SeveralRings(TimedTest):
    def make(self, name, *args, fields="u64 n", slots=64, time="--time"):
        self.expect(OK, "create", name, "--slots", slots, "--fields", fields, *[arg for arg in [time] if arg], *args)
        self.addCleanup((SHM / name).unlink, missing_ok=True)
        return name

    def pair(self, **kwargs):
        base = self.name()
        return [self.make(f"{base}.{letter}", **kwargs) for letter in "ab"]

    def write(self, name, *numbers):
        self.expect(OK, "write", name, stdin="n\n" + "".join(f"{n}\n" for n in numbers))

    def fill_by_turns(self, names, count=8):
        for i in range(count):
            self.write(names[i % len(names)], i)

    def lines(self, *args, code=OK, **kwargs):
        return [json.loads(line) for line in
                self.expect(code, "tail", *args, "--format", "ndjson", **kwargs).stdout.splitlines()]

    def make_of_own_times(self, name, unit="s", slots=64):
        path = self.directory() / "schema.json"
        path.write_text(OWN_TIMES % unit)
        self.expect(OK, "create", name, "--slots", slots, "--schema", path)
        self.addCleanup((SHM / name).unlink, missing_ok=True)
        return name

    def write_times(self, name, *times):
        self.expect(OK, "write", name, stdin="ts,n\n" + "".join(f"{t},{t}\n" for t in times))

    def notes_of(self, *args):
        """Returns: a run of tail, and the file of what it says."""
        notes = self.directory() / "notes"
        with notes.open("w") as file:
            return self.start("tail", *args, stderr=file), notes

    def stop(self, run, code=OK):
        """Returns: what it has printed since."""
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=30)
        self.assertEqual(run.returncode, code, err)
        return out
