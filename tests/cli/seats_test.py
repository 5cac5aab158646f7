"""seats: who writes."""

import ctypes
import json
import os
import signal
import struct
import subprocess
import unittest

from arena_cli import ABSENT, FAILED, OF_ALL, OK, SHM, TOOL, CliTest

PID, START_TIME = 64, 72  # in a seat


class SeatsTest(CliTest):
    def rows(self, name):
        lines = self.expect(OK, "seats", name).stdout.splitlines()
        self.assertEqual(
            lines[0].split(),
            ["SEAT", "HOLDER", "PID", "TID", "PROCESS", "NAME", "CLAIM", "VALUES", "SKIPPED", "TAKEN"],
        )
        return lines[1:]

    def test_json(self):
        name = self.create()
        writer = self.start_writer(name)
        lines = self.expect(OK, "seats", name, "--format", "json").stdout.splitlines()
        self.assertEqual(len(lines), 1)
        seat = json.loads(lines[0])
        self.assertEqual((seat["seat"], seat["holder"], seat["pid"], seat["values"]), (0, "alive", writer.pid, 1))
        writer.kill()
        writer.wait()
        self.assertEqual(json.loads(self.expect(OK, "seats", name, "--format", "ndjson").stdout)["holder"], "dead")

    def test_csv_has_the_cells_of_the_object(self):
        name = self.create()
        self.start_writer(name)
        self.start_writer(name)
        self.poke(name, self.offset(name, 96) + 96, b'a "b", c\xff\0')
        self.poke(name, self.offset(name, 96) + 40, struct.pack("<Q", 2**53 + 1))
        objects, rows = self.objects("seats", name), self.csv_rows("seats", name)
        self.assertEqual([objects[0]["name"], objects[0]["skipped"]], ['a "b", c\ufffd', 2**53 + 1])
        self.assertEqual(len(rows), 2)
        cell = lambda value: {"False": "false", "None": ""}.get(str(value), str(value))
        self.assertEqual(rows, [{key: cell(value) for key, value in found.items()} for found in objects])

    def test_several_arenas_or_all(self):
        names = [self.create("--seats", 1), self.create("--seats", 1)]
        for name in names:
            self.expect(OK, "write", name, stdin="ts,px,sym\n1,1,A\n")
        text = self.expect(OK, "seats", *names).stdout
        for name in names:
            self.assertRegex(text, rf"(?m)^{name}\nSEAT .*\n   0  left ")
        self.assertEqual([seat["arena"] for seat in self.objects("seats", *names)], names)
        self.assertEqual([row["arena"] for row in self.csv_rows("seats", *names)], names)
        self.expect(ABSENT, "seats", names[0] + "-", names[1], says=f"'{names[1]}' has 1 seat:")

    def test_without_a_name_it_is_all(self):
        done = self.in_namespace(
            "mount -t tmpfs tmpfs /dev/shm; for n in a b; do \"$0\" create $n --slots 2 --fields 'u8 a' 2> /dev/null; done",
            "seats")
        self.assertEqual(done.returncode, OK, done.stderr)
        for name in ["a", "b"]:
            self.assertIn(f"'{name}' has 64 seats: 64 never used", done.stderr)

    def test_an_unused_table_is_empty(self):
        name = self.create("--seats", 3)
        self.assertEqual(self.rows(name), [])
        self.expect(OK, "seats", name, says="3 seats: 3 never used")

    def test_alive_then_left(self):
        name = self.create()
        writer = self.start_writer(name)
        self.assertRegex(self.rows(name)[0], rf"^   0  alive +{writer.pid} ")
        writer.communicate("2,2,B\n")
        self.assertRegex(self.rows(name)[0], r"^   0  left +- +- +- +arena-shm write +idle +2 +0 ")

    def test_alive_then_dead_then_taken_again(self):
        name = self.create()
        first = self.start_writer(name)
        first.kill()
        first.wait()
        self.assertRegex(self.rows(name)[0], rf"^   0  dead +{first.pid} .* idle +1 ")
        second = self.start_writer(name)
        rows = self.rows(name)
        self.assertEqual(len(rows), 1)
        self.assertRegex(rows[0], rf"^   0  alive +{second.pid} .* idle +2 ")

    def hold_death(self, writer):
        """Kills a writer, and has a tracer stop it where it still has its memory."""
        seize, detach, trace_exit, exit_event = 0x4206, 17, 0x40, 6
        if os.geteuid() != 0:
            self.skipTest("needs root, to see that nobody shares a memory")
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if libc.ptrace(seize, writer.pid, None, trace_exit) != 0:
            self.skipTest("may not trace")
        self.addCleanup(libc.ptrace, detach, writer.pid, None, None)
        writer.kill()
        _, status = os.waitpid(writer.pid, 0)
        self.assertEqual(status >> 8, signal.SIGTRAP | exit_event << 8)

    def test_a_writer_that_dies_is_dying_until_its_memory_is_gone(self):
        name = self.create()
        writer = self.start_writer(name)
        self.hold_death(writer)
        self.assertRegex(self.rows(name)[0], rf"^   0  dying +{writer.pid} ")
        self.expect(OK, "seats", name, says="1 dying")
        self.assertEqual(self.objects("seats", name)[0]["holder"], "dying")
        self.assertIn("0 alive, 1 dead", self.expect(OF_ALL, "list").stdout)
        self.assertRegex(self.run_tool("check", name).stdout + self.run_tool("check", name).stderr,
                         rf"found pid {writer.pid}, which is dying while idle")
        self.assertRegex(self.expect(OF_ALL, "metrics").stdout, rf'(?m)^arena_shm_seats{{[^}}]*"{name}"[^}}]*state="dying"}} 1$')
        done = self.expect(OK, "seats", name, "--clear-stale", says="cleared 1 seat of")
        self.assertEqual(done.stdout, f"cleared seat 0: pid {writer.pid} died, idle\n")

    def test_a_writer_whose_memory_a_child_shares_is_gone_but_not_dead(self):
        name = self.create()
        writer = subprocess.Popen([os.environ["ARENA_SHM_SHARING_WRITER"], name], stdin=subprocess.PIPE)
        self.addCleanup(writer.communicate)
        self.assertEqual(writer.wait(), -signal.SIGKILL)
        if os.geteuid() != 0:
            self.skipTest("needs root, to see who shares a memory")
        self.assertRegex(self.rows(name)[0], rf"^   0  gone, memory shared +{writer.pid} ")
        self.expect(OK, "seats", name, says="1 gone, memory shared")
        self.expect(OK, "seats", name, "--clear-stale", says="cleared 0 seats of")
        checked = self.run_tool("check", name)
        self.assertIn("a child that has not called exec still shares its memory", checked.stdout + checked.stderr)
        self.assertRegex(self.expect(OF_ALL, "metrics").stdout, rf'(?m)^arena_shm_seats{{[^}}]*"{name}"[^}}]*state="gone_memory_shared"}} 1$')
        writer.stdin.close()
        self.eventually(lambda: "dead" in self.rows(name)[0])

    def test_a_stopped_writer_is_alive(self):
        name = self.create()
        writer = self.start_writer(name)
        writer.send_signal(signal.SIGSTOP)
        self.eventually(lambda: "alive, stopped" in self.rows(name)[0])

    def test_a_value_in_flight_shows_how_far_the_others_have_come(self):
        name = self.create_filled(20)
        writer = self.start_writer(name)  # its idle handle does not touch its seat meanwhile
        with open(SHM / name, "r+b") as segment:
            segment.seek(96)
            (seats,) = struct.unpack("<Q", segment.read(8))
            segment.seek(seats)
            segment.write(struct.pack("<Q", 15 << 2 | 2))
        self.assertRegex(self.rows(name)[0], rf"alive +{writer.pid} .* writing 15, 6 behind ")

    def test_a_full_table_refuses_the_next_writer(self):
        name = self.create("--seats", 1)
        self.start_writer(name)
        self.expect(FAILED, "write", name, stdin="ts,px,sym\n", says="found a living writer in each")

    def test_an_exclusive_holder_shows_where_it_began(self):
        name = self.create_filled(3)
        exclusive = self.create("--exclusive")
        self.expect(OK, "write", exclusive, stdin="ts,px,sym\n1,1,A\n2,2,B\n")
        self.start_writer(exclusive)
        self.assertRegex(self.rows(exclusive)[0], r" since 2 +3 ")
        self.assertNotIn("since", self.rows(name)[0])

    def poke(self, name, offset, data):
        with open(SHM / name, "r+b") as segment:
            segment.seek(offset)
            segment.write(data)

    def offset(self, name, at):
        return struct.unpack_from("<Q", (SHM / name).read_bytes(), at)[0]

    def test_clearing_repairs_the_dead_and_leaves_the_living_alone(self):
        name = self.create()
        alive, dead, other = (self.start_writer(name) for _ in range(3))
        dead.kill()
        dead.wait()
        other.communicate()
        head = self.written(name)
        seats, control = self.offset(name, 96), self.offset(name, 80)
        self.poke(name, seats + 192, struct.pack("<Q", head - 1 << 2 | 1))  # died claiming
        self.poke(name, control + 64, struct.pack("<Q", 1 << 16 | 1 << 13 | 2))  # with the mutex, and somebody waits
        before = self.rows(name)
        done = self.expect(OK, "seats", name, "--clear-stale", says="cleared 1 seat of")
        self.assertEqual(done.stdout, f"cleared seat 1: pid {dead.pid} died, claiming {head - 1}\n")
        after = self.rows(name)
        self.assertEqual([after[i].split() for i in (0, 2)], [before[i].split() for i in (0, 2)])
        self.assertRegex(after[1], r"^   1  left +- .* idle ")
        session, ended = struct.unpack_from("<QQ", (SHM / name).read_bytes(), seats + 192 + 48)
        self.assertEqual((session, ended), (1, 1))
        self.assertEqual(struct.unpack_from("<Q", (SHM / name).read_bytes(), control + 64), (0,))
        self.expect(OK, "check", name)
        alive.stdin.write("2,2,B\n")
        alive.stdin.flush()
        self.eventually(lambda: self.written(name) == head + 1)

    def test_clearing_a_table_without_dead_seats_changes_nothing(self):
        name = self.create()
        self.start_writer(name)
        before = (SHM / name).read_bytes()
        done = self.expect(OK, "seats", name, "--clear-stale", says="cleared 0 seats of")
        self.assertEqual(done.stdout, "")
        self.assertEqual((SHM / name).read_bytes(), before)

    def in_time_namespace(self, name):
        """Starts a writer to whom everything has begun a day later. Returns the command that starts such processes."""
        shifted = ["unshare", "--time", "--boottime", "86400"]
        if subprocess.run([*shifted, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("no time namespaces here")
        writer = subprocess.Popen(
            [*shifted, TOOL, "write", name], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.addCleanup(writer.communicate)
        writer.stdin.write("ts,px,sym\n1,1,A\n")
        writer.stdin.flush()
        self.eventually(lambda: self.written(name) > 0)
        return shifted

    def test_a_process_is_found_across_time_namespaces(self):
        shifted = self.in_time_namespace(name := self.create())
        self.start_writer(name)
        for command in [[], shifted]:
            done = subprocess.run([*command, TOOL, "seats", name, "--format", "json"], capture_output=True, check=True)
            found = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([(seat["process"], seat["process_state"]) for seat in found], 2 * [("arena-shm", "running")])

    def test_a_reused_pid_is_not_taken_for_the_holder(self):
        name = self.create()
        dead, _ = self.start_writer(name), self.start_writer(name)
        dead.kill()
        dead.wait()
        seats = self.offset(name, 96)
        self.poke(name, seats + PID, struct.pack("<I", os.getpid()))  # begun long before
        self.assertEqual([seat["process"] for seat in self.objects("seats", name)], ["", "arena-shm"])
        self.poke(name, seats + 192 + START_TIME, struct.pack("<Q", 0))  # not known: the lease tells
        self.poke(name, seats + START_TIME, struct.pack("<Q", 0))
        self.assertEqual([seat["process"] for seat in self.objects("seats", name)], ["", "arena-shm"])

    def test_needs_read_permission_only(self):
        name = self.create("--mode", "0444")
        self.start_writer(name)
        done = self.expect(OK, "seats", name, **self.as_nobody())
        self.assertIn("alive", done.stdout)


if __name__ == "__main__":
    unittest.main()
