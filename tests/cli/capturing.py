"""What the tests of capture have in common."""

import csv
import pathlib
import signal

from arena_cli import OK, CliTest

MS = 1_000_000
FIELDS = "u64 n, u64 ts"
SCHEMA = ('{"names":["n","ts"],"formats":["<u8","<u8"],"offsets":[0,8],"itemsize":16,'
          '"metadata":{"fields":{"ts":{"unit":"ns"}},"time":"ts"}}')


class Capturing(CliTest):
    def ring(self, slots=4096, *args):
        """Values n with the times n ms, by their own account."""
        name = self.name()
        return self.make(name, slots, *args)

    def make(self, name, slots=4096, *args):
        schema = self.directory() / "schema.json"
        schema.write_text(SCHEMA)
        self.expect(OK, "create", name, "--slots", slots, "--schema", schema, *args)
        return name

    def write(self, name, numbers):
        self.expect(OK, "write", name, "--format", "csv",
                    stdin="n,ts\n" + "".join(f"{n},{n * MS}\n" for n in numbers))

    def capture(self, name, *args, stdin=None, waits=False, folder=None):
        """Returns: the run, which watches by now. Its files are self.out.1.csv, and so on."""
        folder = folder or self.directory()
        self.out = folder / "out"
        self.notes = folder / "notes"
        with self.notes.open("w") as notes:
            run = self.start("capture", name, "-o", f"{self.out}.csv", *args, stderr=notes, stdin=stdin)
        self.says("waiting for" if waits else "watching")
        return run

    def says(self, text, count=1):
        self.eventually(lambda: self.notes.read_text().count(text) >= count)

    def ends(self, run, code=OK, stop=False):
        if stop:
            run.send_signal(signal.SIGINT)
        run.communicate(timeout=30)
        self.assertEqual(run.returncode, code, self.notes.read_text())
        return self.notes.read_text()

    def rows(self, number):
        with pathlib.Path(f"{self.out}.{number}.csv").open() as file:
            return list(csv.DictReader(file))

    def numbers(self, number):
        return [int(row["n"]) for row in self.rows(number)]

    def triggers(self, number):
        return [int(row["n"]) for row in self.rows(number) if row["_trigger"] != "0"]
