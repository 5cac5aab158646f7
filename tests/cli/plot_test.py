"""plot: values as curves, in text, in SVG and for PlotJuggler."""

import os
import pathlib
import re
import shutil
import signal
import socket
import time
import unittest
import xml.etree.ElementTree

from arena_cli import ABSENT, FAILED, INCOMPATIBLE, LOST, OK, SHM, USAGE
from segment_pokes import busy
from timed import TimedTest

SECONDS = ('{"names":["ts","px"],"formats":["<i8","<f8"],"offsets":[0,8],"itemsize":16,'
           '"metadata":{"time":"ts","fields":{"ts":{"unit":"s"}}}}')
HOSTILE = '{"names":["a\'b<i>&","n"],"formats":["<f8","<i8"],"offsets":[0,8],"itemsize":16}'


class PlotTest(TimedTest):
    def filled(self, values, *args, fields="f64 px", slots=4096):
        name = self.create(*args, fields=fields, slots=slots)
        self.expect(OK, "write", name, stdin="px\n" + "".join(f"{value}\n" for value in values))
        return name

    def test_draws_in_text_what_is_there(self):
        name = self.filled([0] * 500 + [7.5] + [0] * 500)
        lines = self.expect(OK, "plot", name).stdout.splitlines()
        self.assertEqual(lines[0], "px  0  from 0 to 7.5")
        self.assertEqual(len(lines), 1 + 8 + 1)
        self.assertTrue(lines[1].startswith("       7.5 │"))
        curve = [line[12:] for line in lines[1:9]]
        self.assertEqual(sum(c not in " \u2800" for c in curve[0]), 1, "one value that stands out")
        self.assertTrue(all(c not in " \u2800" for c in curve[7].strip("\u2800 ")))
        self.assertRegex(lines[-1], r"^ +\d{4}-\d\d-\d\dT\S+Z +\S+Z$")
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_without_times_it_goes_by_sequence_numbers(self):
        name = self.name()
        self.expect(OK, "create", name, "--slots", 64, "--fields", "f64 px, s4 sym, u8[2] n")
        self.expect(OK, "write", name, stdin="px,sym,n[0],n[1]\n1,a,2,3\n4,b,5,6\nnan,c,1,1\n")
        lines = self.expect(OK, "plot", name).stdout.splitlines()
        self.assertEqual([lines[i] for i in (0, 9, 18)],
                         ["px  nan  from 1 to 4", "n[0]  1  from 1 to 5", "n[1]  1  from 1 to 6"])
        self.assertEqual(lines[-1].split(), ["0", "2"])
        self.assertIn("n[1]", self.expect(OK, "plot", name, "--fields", "n[1]").stdout.splitlines()[0])
        self.expect(USAGE, "plot", name, "--fields", "sym", says="expected numbers, found the text")
        self.expect(USAGE, "plot", name, "--fields", "x", says="x")

    def test_what_cannot_be_drawn_is_said(self):
        self.expect(ABSENT, "plot", self.name(), says="wait for it with --wait")
        empty = self.create(fields="f64 px")
        self.expect(OK, "plot", empty, says="there are no values to draw")
        bare = self.name()
        self.expect(OK, "create", bare, "--slots", 4, "--size", 8)
        self.expect(INCOMPATIBLE, "plot", bare, says="--as")
        self.expect(OK, "plot", bare, "--as", "f64 px", says="no values")
        text = self.create(fields="s4 a")
        self.expect(USAGE, "plot", text, says="expected records with a number")

    def svg(self, name, *args, code=OK, **kwargs):
        path = self.directory() / "t.svg"
        self.expect(code, "plot", name, "-o", path, *args, **kwargs)
        return xml.etree.ElementTree.parse(path), path

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_draws_a_file_by_gnuplot(self):
        name = self.filled([1, 2, 3, 2])
        tree, path = self.svg(name, says="drew 1 field of 4 values")
        texts = "".join(tree.getroot().itertext())
        self.assertIn(name, texts)
        self.assertIn("px", texts)
        self.assertIn("seconds since", texts)
        self.expect(FAILED, "plot", name, "-o", path, says="replace the file with --force")
        self.expect(OK, "plot", name, "-o", path, "--force")
        self.svg(self.filled([5, 5]), says="of 2 values")
        self.expect(USAGE, "plot", name, "-o", path.with_suffix(".png"), says="expected a file that ends in .svg")

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_only_what_is_in_the_picture_is_counted(self):
        name = self.create_of_schema(SECONDS)
        self.expect(OK, "write", name, stdin="ts,px\n" + "".join(f"{i},{i}\n" for i in range(8)))
        _, path = self.svg(name, "--last", "2s", says="drew 1 field of 3 values\n")
        path.unlink()
        self.svg(name, "--until", "1970-01-01T00:00:01Z", "--fields", "px", says="drew 1 field of 2 values\n")

    def test_no_picture_is_made_of_no_values(self):
        path = self.directory() / "none.svg"
        empty, filled, holed = self.create(fields="f64 px"), self.create_of_schema(SECONDS), self.filled([1])
        self.expect(OK, "write", filled, stdin="ts,px\n1,1\n")
        self.poke_stamp(SHM / holed, 0, busy(0))  # its writer is dead: a hole
        for name, args, code, lost in [(empty, [], OK, ""), (filled, ["--since", "1s"], OK, ""),
                                       (holed, [], LOST, ", lost 1")]:
            says = f"'{name}': there are no values to draw{lost}"
            self.expect(code, "plot", name, *args, says=says + "\n")
            self.expect(code, "plot", name, *args, "-o", path, says=f"{says}; '{path}' is not written\n")
            self.assertFalse(path.exists())

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_the_greatest_numbers_are_drawn_in_a_file_and_gnuplot_says_nothing(self):
        most = 1.7976931348623157e308
        tree, path = self.svg(self.filled([-most, 9e307, 0, most]))
        self.assertIn("times 1e10", "".join(tree.getroot().itertext()))
        self.assertGreaterEqual(path.read_text().count("<use "), 4, "a dot for each value")
        run = self.run_tool("plot", self.filled([most, most]), "-o", self.directory() / "c.svg")
        self.assertEqual(run.returncode, OK)
        self.assertNotIn("warning", run.stderr)
        self.assertEqual(len(run.stderr.splitlines()), 1)

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_names_with_a_meaning_elsewhere_are_drawn_as_they_are(self):
        name = self.create_of_schema(HOSTILE)
        self.expect(OK, "write", name, stdin="{\"a'b<i>&\":1.5,\"n\":2}\n", says="wrote 1 value")
        tree, _ = self.svg(name)
        self.assertIn("a'b<i>&", "".join(tree.getroot().itertext()))

    def test_lost_values_are_said_and_counted(self):
        name = self.filled(range(5))
        self.poke_stamp(SHM / name, 2, busy(2))  # its writer is dead: a hole
        self.expect(LOST, "plot", name, says="drew 4 values, lost 1\n")
        if shutil.which("gnuplot"):
            self.svg(name, code=LOST, says="drew 1 field of 4 values, lost 1\n")

    def test_without_gnuplot_it_says_what_to_install(self):
        name = self.filled([1])
        path = self.directory() / "t.svg"
        self.expect(FAILED, "plot", name, "-o", path, env={**os.environ, "PATH": "/nowhere"},
                    says="install it (Debian: gnuplot-nox)")
        self.assertFalse(path.exists())


class PlotUdpTest(TimedTest):
    def receiver(self):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        self.addCleanup(receiver.close)
        return receiver, f"127.0.0.1:{receiver.getsockname()[1]}"

    def send(self, name, address, *args):
        plot = self.start("plot", name, "--udp", address, *args)
        self.eventually(lambda: name in pathlib.Path(f"/proc/{plot.pid}/maps").read_text())
        time.sleep(0.2)  # it begins with the newest value, wherever that is by then
        return plot

    def stop(self, plot):
        plot.send_signal(signal.SIGINT)
        _, err = plot.communicate(timeout=30)
        return err

    def test_a_spike_in_many_values_is_sent_with_its_time(self):
        name = self.create(fields="f64 px, u64 n, s4 sym", slots=1 << 16)
        receiver, address = self.receiver()
        plot = self.send(name, address, "--hz", 10)
        self.expect(OK, "write", name, stdin="px,n,sym\n" + "".join(f"{9.5 if i == 7777 else 1},{i},x\n"
                                                                    for i in range(20000)))
        lines = []
        while not any("n=19999" in line for line in lines):
            datagram = receiver.recv(65536)
            self.assertLessEqual(len(datagram), 1400)
            lines += datagram.decode().splitlines()
        err = self.stop(plot)
        self.assertEqual(plot.returncode, OK, err)
        self.assertRegex(err, r"read 20000 values, sent \d+ datagrams?\n")
        self.assertLess(len(lines), 1000)
        found = [re.fullmatch(rf"{name} ((?:px|n)=\S+) (\d{{19}})", line) for line in lines]
        self.assertNotIn(None, found)
        spike = [match for match in found if "px=9.5" in match[1]]
        self.assertEqual(len(spike), 1)
        rows = self.expect(OK, "tail", name, "--from", 7777, "-n", 1, "--format", "csv").stdout.splitlines()
        # Where the kernel adjusts its clock meanwhile, the same tick is some nanoseconds elsewhere.
        self.assertLess(abs(int(spike[0][2]) - int(rows[1].split(",")[1])), 10_000)

    def test_nobody_who_listens_is_said_and_no_error(self):
        name = self.create(fields="f64 px")
        receiver, address = self.receiver()
        receiver.close()
        plot = self.send(name, address)
        for _ in range(5):
            self.expect(OK, "write", name, stdin="px\n1\n")
            time.sleep(0.05)
        err = self.stop(plot)
        self.assertEqual(plot.returncode, OK, err)
        self.assertIn(f"nobody listens at {address} yet; still sending\n", err)

    def test_wrong_usage(self):
        name = self.create(fields="f64 px")
        self.expect(USAGE, "plot", name, "--udp", "9870", says="expected a host and a port")
        for port in ("65536", "99999", "0", "-1", "98x", "http"):
            self.expect(USAGE, "plot", name, "--udp", f"127.0.0.1:{port}", says="expected a port from 1 to 65535")
        self.expect(USAGE, "plot", name, "--hz", 5, says="--udp")
        self.expect(USAGE, "plot", name, "--udp", "127.0.0.1:9870", "-o", "x.svg", says="--output")
        self.expect(USAGE, "plot", name, "--udp", "127.0.0.1:9870", "--hz", 0, says="from 1 up to 1000")


if __name__ == "__main__":
    unittest.main()
