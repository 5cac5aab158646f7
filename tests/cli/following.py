"""What the tests have in common of who follows a name."""

import json
import signal

from arena_cli import OK, SHM

FIELDS = "u64 n"
RESTARTED = r"^(?:arena-shm: )?restarted: arena '{name}' was created anew at (\S+Z), epoch (\w{{32}}); the one before had (\w{{32}})$"


class FollowName:
    def epoch(self, name):
        return json.loads(self.expect(OK, "inspect", name, "--format", "json").stdout)["epoch"]

    def make(self, name, *args, fields=FIELDS, slots=64):
        self.expect(OK, "create", name, "--slots", slots, "--fields", fields, *args)
        self.addCleanup((SHM / name).unlink, missing_ok=True)
        return name

    def make_anew(self, name, *args, **kwargs):
        self.expect(OK, "rm", name)
        return self.make(name, *args, **kwargs)

    def write(self, name, *numbers):
        self.expect(OK, "write", name, stdin="n\n" + "".join(f"{n}\n" for n in numbers))

    def says(self, text):
        self.eventually(lambda: text in self.notes.read_text())

    def stop(self, run, code=OK):
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=30)
        self.assertEqual(run.returncode, code, self.notes.read_text())
        return out
