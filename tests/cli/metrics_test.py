"""metrics: all arenas as Prometheus reads them."""

import http.client
import re
import shutil
import signal
import socket
import struct
import subprocess
import unittest
import urllib.error
import urllib.request

from arena_cli import FAILED, OK, SHM, CliTest

PREFIX = "arena_shm_"
TEXT = r'"((?:[^"\\\n]|\\[\\"n])*)"'
LABEL = re.compile(f"([a-zA-Z_][a-zA-Z0-9_]*)={TEXT}")
SAMPLE = re.compile(rf"([a-z_]+)\{{((?:[a-zA-Z_][a-zA-Z0-9_]*={TEXT},?)+)\}} (\d+(?:\.\d+)?)")
ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def parse(text):
    """Samples by name and labels. Stricter than the format: HELP, TYPE, then all the samples of the metric."""
    if not text.endswith("\n"):
        raise ValueError("no line end at the end")
    samples, types, helped = {}, {}, []
    for line in text[:-1].split("\n"):
        if match := re.fullmatch(r"# HELP ([a-z_]+) (\S[^\\]*)", line):
            if match[1] in helped:
                raise ValueError(f"twice: {line}")
            helped.append(match[1])
        elif match := re.fullmatch(r"# TYPE ([a-z_]+) (counter|gauge)", line):
            if helped[-1:] != [match[1]] or match[1] in types:
                raise ValueError(f"not after its HELP: {line}")
            types[match[1]] = match[2]
        elif match := SAMPLE.fullmatch(line):
            if list(types)[-1:] != [match[1]]:
                raise ValueError(f"not after its TYPE: {line}")
            pairs = [(key, re.sub(r"\\.", lambda e: ESCAPED[e[0]], value)) for key, value in LABEL.findall(match[2])]
            labels = frozenset(pairs)
            if len(dict(pairs)) != len(pairs) or (match[1], labels) in samples:
                raise ValueError(f"twice: {line}")
            samples[match[1], labels] = float(match[4]) if "." in match[4] else int(match[4])
        else:
            raise ValueError(f"what is this: {line}")
    if helped != list(types):
        raise ValueError("a HELP without a TYPE")
    for name, kind in types.items():
        if (kind == "counter") != name.endswith("_total"):
            raise ValueError(f"a {kind} of the name {name}")
    return samples


class MetricsTest(CliTest):
    def scrape(self):
        return parse(self.expect(OK, "metrics", stdin=b"").stdout.decode())  # bytes: \r is to stay \r

    def of(self, samples, arena):
        """Those of one arena, by name and the other labels' values."""
        return {
            " ".join([name.removeprefix(PREFIX), *sorted(v for k, v in labels if k != "arena")]): value
            for (name, labels), value in samples.items()
            if ("arena", arena) in labels
        }

    def serve(self, listen="0"):
        """A running server, and where."""
        server = self.start("metrics", "--listen", listen)
        line = server.stderr.readline()
        match = re.fullmatch(r"arena-shm: listening at (http://(.+):(\d+)/metrics)\n", line)
        self.assertIsNotNone(match, line)
        return server, match[1], match[2], int(match[3])

    def poke(self, name, offset, data):
        with open(SHM / name, "r+b") as segment:
            segment.seek(offset)
            segment.write(data)

    def region(self, name, offset):
        return struct.unpack_from("<Q", (SHM / name).read_bytes(), offset)[0]

    def test_tells_what_an_arena_is_and_what_it_counts(self):
        name = self.create_filled(20)
        metrics = self.of(self.scrape(), name)
        for key, value in {
            "readable": 1,
            "problems": 0,
            "slots": 8,
            "record_bytes": 24,
            "segment_bytes": (SHM / name).stat().st_size,
            "sequence_numbers_total": 20,
            "values_written_total": 20,
            "skipped_total": 0,
            "holes_max": 0,
            "seats alive": 0,
            "seats dead": 0,
            "seats left": 1,
            "seats never_used": 63,
            "seats dying": 0,
            "seats dumping_core": 0,
            "seats gone_memory_shared": 0,
            "seats unknown": 0,
            "seats_in_flight": 0,
            "mutex_held": 0,
            "mutex_waited_for": 0,
        }.items():
            self.assertEqual(metrics.pop(key), value, key)
        created = metrics.pop("created_timestamp_seconds")
        self.assertAlmostEqual(created, (SHM / name).stat().st_ctime, delta=60)
        ((info, one),) = metrics.items()
        self.assertRegex(info, r"^info  [0-9a-f]{32} shared$")
        self.assertEqual(one, 1)

    def test_tells_the_living_from_the_dead(self):
        name = self.create()
        self.start_writer(name)
        dying = self.start_writer(name)
        dying.kill()
        dying.wait()
        metrics = self.of(self.scrape(), name)
        seats = [metrics[f"seats {state}"] for state in ["alive", "dead", "left", "never_used"]]
        self.assertEqual(seats, [1, 1, 0, 62])

    def test_what_is_in_the_segment_is_what_is_told(self):
        name = self.create_filled(20)
        control, seats = self.region(name, 80), self.region(name, 96)
        self.poke(name, control, struct.pack("<Q", 2**60 + 1))
        self.poke(name, control + 64, struct.pack("<Q", 1 << 15 | 1 << 13 | 1))
        self.poke(name, seats, struct.pack("<Q", 15 << 2 | 2))
        self.poke(name, seats + 56, struct.pack("<Q", 0))  # its holder has not said that it left
        self.poke(name, seats + 32, struct.pack("<QQ", 2**60 - 2**53 - 5, 2**53 + 1))
        metrics = self.of(self.scrape(), name)
        self.assertEqual(metrics["sequence_numbers_total"], 2**60 + 1)
        self.assertEqual(metrics["values_written_total"], 2**60 - 2**53 - 5)
        self.assertEqual(metrics["skipped_total"], 2**53 + 1)
        self.assertEqual(metrics["holes_max"], 2**53 + 6)
        self.assertEqual([metrics[key] for key in ["mutex_held", "mutex_waited_for", "seats_in_flight"]], [1, 1, 1])
        self.poke(name, control + 64, struct.pack("<Q", 1 << 14 | 1))
        metrics = self.of(self.scrape(), name)
        self.assertEqual([metrics["mutex_held"], metrics["mutex_waited_for"]], [0, 0])

    def test_labels_are_escaped(self):
        name = self.name('a"b\\c{}=,n\\')
        self.expect(OK, "create", name, "--slots", 8, "--size", 8)
        self.assertEqual(self.of(self.scrape(), name)["slots"], 8)

    def test_a_hostile_type_name_is_text_like_another(self):
        name = self.create_filled(3)
        segment = bytearray((SHM / name).read_bytes()[:512])
        evil = b'a"b\\c\nd 1\n\xff"} 5\r'
        segment[224 : 224 + len(evil)] = evil
        segment[24:32] = bytes(8)
        checksum = 0xCBF29CE484222325
        for byte in segment:
            checksum = (checksum ^ byte) * 0x100000001B3 % 2**64
        segment[24:32] = struct.pack("<Q", checksum)
        self.poke(name, 0, segment)
        metrics = self.of(self.scrape(), name)
        info = [key for key in metrics if key.startswith("info ")]
        self.assertEqual(len(info), 1, metrics)
        self.assertIn('a"b\\c\nd 1\n\N{REPLACEMENT CHARACTER}"} 5\r', info[0])

    def test_a_damaged_arena_is_counted_and_the_others_are_shown(self):
        good, bad = self.create(), self.create()
        self.poke(bad, 128, b"\xff")
        done = self.expect(OK, "metrics", says=f"'{bad}': header: expected header checksum")
        samples = parse(done.stdout)
        self.assertEqual(self.of(samples, bad), {"readable": 0, "problems": 1})
        self.assertEqual(self.of(samples, good)["slots"], 8)

    def test_needs_read_permission_only(self):
        name, hidden = self.create("--mode", "0444"), self.create()
        done = self.expect(OK, "metrics", says=f"skipped '{hidden}': no permission", **self.as_nobody())
        samples = parse(done.stdout)
        self.assertEqual(self.of(samples, name)["slots"], 8)
        self.assertEqual(self.of(samples, hidden), {})

    def test_promtool_finds_nothing(self):
        if shutil.which("promtool") is None:
            self.skipTest("promtool is not installed")
        self.create_filled(3)
        text = self.expect(OK, "metrics").stdout
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_serves_by_http(self):
        name = self.create_filled(20)
        _, url, host, _ = self.serve()
        self.assertEqual(host, "127.0.0.1")
        for count in [20, 21]:
            with urllib.request.urlopen(url, timeout=30) as response:
                self.assertEqual(response.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
                samples = parse(response.read().decode())
            self.assertEqual(self.of(samples, name)["values_written_total"], count)
            self.expect(OK, "write", name, stdin="ts,px,sym\n1,1,A\n")

    def test_other_pages_and_methods_are_refused(self):
        _, url, host, port = self.serve()
        with urllib.request.urlopen(url.replace("/metrics", "/"), timeout=30) as response:
            self.assertIn(b"/metrics", response.read())
        for method, path in [("GET", "/nonsense"), ("GET", "/metrics/../../etc/passwd"), ("POST", "/metrics")]:
            connection = http.client.HTTPConnection(host, port, timeout=30)
            connection.request(method, path)
            self.assertEqual(connection.getresponse().status, 404, path)
            connection.close()

    def test_idle_and_broken_connections_do_not_keep_it_from_others(self):
        _, url, host, port = self.serve()
        idle = [socket.create_connection((host, port), timeout=30) for _ in range(4)]
        idle[0].sendall(b"\xff\x00nonsense\r\n\r\n")
        with urllib.request.urlopen(url, timeout=30) as response:
            self.assertEqual(response.status, 200)
        for connection in idle:
            connection.close()

    def test_listens_at_the_address_that_is_given(self):
        _, url, host, _ = self.serve("127.0.0.2:0")
        self.assertEqual(host, "127.0.0.2")
        urllib.request.urlopen(url, timeout=30).close()

    def test_signals_end_it_cleanly(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            server, url, _, _ = self.serve()
            urllib.request.urlopen(url, timeout=30).close()
            server.send_signal(number)
            _, err = server.communicate(timeout=30)
            self.assertEqual((server.returncode, err), (OK, ""))
            with self.assertRaises(urllib.error.URLError):
                urllib.request.urlopen(url, timeout=30)

    def test_a_port_that_is_taken_is_an_error(self):
        _, _, _, port = self.serve()
        self.expect(FAILED, "metrics", "--listen", port, says="Address already in use")

    def test_a_closed_pipe_is_no_error(self):
        command = [self.start("metrics").args[0], "metrics"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            process.wait(timeout=30)
            self.assertEqual(process.returncode, OK)

    def test_leaves_no_trace(self):
        name = self.create_filled(20)
        before = (SHM / name).read_bytes()
        self.scrape()
        self.assertEqual((SHM / name).read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
