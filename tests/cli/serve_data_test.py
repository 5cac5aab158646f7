"""serve: what a page is told of a ring: every value once, exact, as it comes, and what became of the others."""

import concurrent.futures
import json
import signal
import time
import unittest

from arena_cli import OK
from serving import ServeCase

NUMBERS = "i64 small, u64 big, f64 px, f32 half, bool on, s8 text, i16[2] pair"


class ServeDataTest(ServeCase):
    def test_every_value_is_counted_once(self):
        name = self.create_filled(100, slots=128)
        page = self.watch(name)
        picture = self.picture_until(page, lambda picture: picture.count == 100)
        self.assertEqual(picture.counts["read"], "100")
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + "1,7,A\n" * 20)
        page.until(lambda message: picture.take(message) or picture.count == 120)
        self.assertEqual(picture.counts, {"read": "120", "overwritten": "0", "hole": "0", "passed over": "0"})

    def test_numbers_are_exact(self):
        name = self.create(fields=NUMBERS)
        self.write(name, "small,big,px,half,on,text,pair[0],pair[1]",
                   "-9223372036854775808,18446744073709551615,0.1,0.1,1,a,-32768,32767")
        fields = ["small", "big", "px", "half", "on", "pair[0]", "pair[1]"]
        page = self.watch(name, fields=fields)
        picture = self.picture_until(page, lambda picture: picture.count == 1 and picture.rows)
        column, = picture.columns.values()
        self.assertEqual(column["least"],
                         ["-9223372036854775808", "18446744073709551615", 0.1, 0.1, 1, -32768, 32767])
        self.assertEqual(column["least"], column["greatest"])
        self.assertEqual(picture.rows[0]["cells"], ["-9223372036854775808", "18446744073709551615", "0.1", "0.1",
                                                    "true", "a", "[-32768, 32767]"])
        self.assertEqual([field["name"] for field in picture.schema["fields"]], fields)

    def test_what_is_not_finite_is_null_and_counted(self):
        name = self.create()
        self.write(name, "ts,px,sym", "1,nan,A", "2,inf,A", "3,-inf,A")
        page = self.watch(name)
        picture = self.picture_until(page, lambda picture: picture.count == 3)
        column, = picture.columns.values()
        self.assertEqual((column["least"], column["greatest"], column["odd"]), ([None], [None], [3]))
        self.write(name, "ts,px,sym", "4,-1.5,A", "5,2.5,A")
        page.until(lambda message: picture.take(message) or picture.count == 5)
        column, = picture.columns.values()
        self.assertEqual((column["least"], column["greatest"], column["odd"]), ([-1.5], [2.5], [3]))

    def test_messages_are_strict_json(self):
        name = self.create()
        self.write(name, "ts,px,sym", "1,nan,A", "2,1e308,A", "3,-0.0,A", "4,5e-324,A")
        page = self.watch(name)

        def refuse(text):
            raise ValueError(text)

        end = time.monotonic() + 2
        seen = False
        while time.monotonic() < end and not seen:
            text = page.receive()
            message = json.loads(text, parse_constant=refuse)
            seen = "columns" in message.get("watch", {})
            page.send(op="next")
        self.assertTrue(seen)

    def test_times_are_seconds_after_an_origin(self):
        name = self.create("--time", fields="f64 px")
        before = time.time_ns()
        self.write(name, "px", "1", "2", "3")
        after = time.time_ns()
        page = self.watch(name)
        picture = self.picture_until(page, lambda picture: picture.count == 3)
        self.assertEqual(picture.message["along"], "time")
        at = int(picture.message["origin"]) + round(picture.message["end"] * 1e9)
        self.assertGreaterEqual(at, before - 1_000_000)
        self.assertLessEqual(at, after + 1_000_000)

    def test_a_spike_of_one_value_in_a_million_is_shown(self):
        name = self.create(fields="f64 px", slots=1 << 20)
        page = self.watch(name, span=2_000_000)
        picture = self.picture_until(page, lambda picture: picture.schema)
        lines = ["1"] * 1_000_000
        lines[617_283] = "1e6"
        # Meanwhile the page goes on to take messages, as it has to.
        with concurrent.futures.ThreadPoolExecutor() as others:
            written = others.submit(self.write, name, "px", *lines)
            page.until(lambda message: picture.take(message) or picture.count == 1_000_000, seconds=90)
            written.result()
        self.assertLess(len(picture.columns), 2048)
        spikes = [column for column in picture.columns.values() if column["greatest"] == [1e6]]
        self.assertEqual(len(spikes), 1)
        spike, = spikes
        self.assertLessEqual(int(spike["seq"]), 617_283)
        self.assertGreater(int(spike["seq"]) + spike["n"], 617_283)
        # And exactly, when somebody zooms in.
        page.send(op="zoom", ring=name, fields=["px"], id=1, columns=500, **{"from": "617280", "to": "617290"})
        detail = page.until(lambda message: message.get("detail"))
        self.assertTrue(detail["points"])
        self.assertEqual(dict(zip(detail["seq"], detail["greatest"][0]))["617283"], 1e6)
        self.assertEqual(len(detail["seq"]), 10)

    def test_all_that_the_ring_holds_can_be_zoomed_into(self):
        name = self.create_filled(5000, slots=4096)
        page = self.watch(name)
        page.send(op="zoom", ring=name, fields=["px"], id=7, columns=100)
        message = page.until(lambda message: message if "detail" in message else None)
        self.assertEqual(message["detail_id"], 7)
        detail = message["detail"]
        self.assertEqual((detail["count"], detail["points"]), ("4096", False))
        self.assertEqual(sum(detail["n"]), 4096)
        self.assertEqual((detail["least"][0][0], detail["greatest"][0][-1]), (904 / 2, 4999 / 2))

    def test_losses_are_told_for_what_they_are(self):
        name = self.create_filled(5, slots=16)
        server, host, port = self.serve(name)
        page = self.page(host, port)
        page.send(op="watch", ring=name, fields=["px"])
        picture = self.picture_until(page, lambda picture: picture.count == 5)
        server.send_signal(signal.SIGSTOP)
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + "1,7,A\n" * 1000)
        server.send_signal(signal.SIGCONT)
        page.until(lambda message: picture.take(message) or sum(map(int, (picture.counts or {}).values())) == 1005)
        lost = 1005 - int(picture.counts["read"])
        self.assertGreaterEqual(lost, 1000 - 16)
        page.until(lambda message: picture.take(message) or
                   sum(sum(column["lost"]) for column in picture.columns.values()) == lost)
        self.assertIn("overwritten", {mark["kind"] for mark in picture.marks})
        self.assertEqual(picture.count, int(picture.counts["read"]))

    def test_it_goes_on_with_a_ring_that_was_made_anew(self):
        name = self.create_filled(5)
        page = self.watch(name)
        picture = self.picture_until(page, lambda picture: picture.count == 5)
        for generation in range(2, 5):
            self.expect(OK, "rm", name)
            page.until(lambda message: picture.take(message) or "removed" in (picture.trouble or ""))
            kind = "f64" if generation % 2 else "i32"
            self.expect(OK, "create", name, "--slots", 8, "--fields", f"u64 ts, {kind} px, s4 sym")
            self.write(name, "ts,px,sym", *["1,3,A"] * generation)
            page.until(lambda message: picture.take(message) or
                       (picture.generations[-1] == generation and picture.count == generation))
            self.assertEqual(picture.trouble, "")
        self.assertEqual([mark["kind"] for mark in picture.marks].count("restart"), 3)

    def test_a_ring_that_is_not_there_yet_is_waited_for(self):
        name = self.name()
        page = self.watch(name)
        picture = self.picture_until(page, lambda picture: picture.trouble)
        self.expect(OK, "create", name, "--slots", 8, "--fields", "f64 px")
        self.write(name, "px", "1")
        page.until(lambda message: picture.take(message) or picture.count == 1)

    def test_fields_can_be_added_and_have_what_the_ring_holds(self):
        name = self.create_filled(8)
        page = self.watch(name)
        picture = self.picture_until(page, lambda picture: picture.count == 8)
        page.send(op="watch", ring=name, fields=["px", "ts"])
        page.until(lambda message: picture.take(message) or picture.message["fields"] == ["px", "ts"])
        column, = picture.columns.values()
        self.assertEqual((column["n"], column["least"], column["greatest"]), (8, [0.0, "0"], [3.5, "7"]))

    def test_a_filter_lets_through_what_it_says(self):
        name = self.create_filled(64, slots=64)
        page = self.watch(name, where="px >= 10 && ts % 2 == 0")
        picture = self.picture_until(page, lambda picture: picture.count)
        self.assertEqual(picture.count, 22)
        column = min(picture.columns.values(), key=lambda column: int(column["seq"]))
        self.assertEqual((column["seq"], column["least"]), ("20", [10.0]))
        self.expect(OK, "write", name, stdin="ts,px,sym\n100,5,A\n100,50,A\n101,50,A\n")
        page.until(lambda message: picture.take(message) or picture.count == 23)
        page.send(op="zoom", ring=name, fields=["px"], where="sym == \"A\"", id=1, columns=100)
        detail = page.until(lambda message: message.get("detail"))
        self.assertEqual((detail["count"], detail["seq"]), ("3", ["64", "65", "66"]))

    def test_a_filter_that_is_none_is_told_with_its_place(self):
        name = self.create_filled(8)
        page = self.watch(name, where="px > && 3")
        picture = self.picture_until(page, lambda picture: picture.problem)
        self.assertIn("px > && 3\n", picture.problem)
        self.assertRegex(picture.problem, r"(?m)^ *\^")
        page.send(op="zoom", ring=name, fields=["px"], where="px > && 3", id=1, columns=100)
        self.assertEqual(page.until(lambda message: message.get("detail"))["problem"], picture.problem)
        page.send(op="watch", ring=name, fields=["px"], where="px > 3")
        page.until(lambda message: picture.take(message) or picture.count == 1)
        self.assertEqual(picture.problem, "")

    def test_percentiles_are_those_of_the_values(self):
        name = self.create(fields="i32 v", slots=2048)
        self.write(name, "v", *map(str, range(1, 1001)))
        page = self.watch(name, fields=["v"], distributions=True)
        found = page.until(lambda message: message.get("watch", {}).get("distributions"))["v"]
        self.assertEqual(found["count"], "1000")
        self.assertEqual(dict(map(tuple, found["percentiles"])),
                         {"least": 1, "1 %": 10, "10 %": 100, "50 %": 500, "90 %": 900, "99 %": 990, "99.9 %": 999,
                          "99.99 %": 1000, "greatest": 1000})
        self.assertEqual(sum(found["bins"]), 1000)

    def test_nothing_is_sent_before_the_page_has_asked(self):
        name = self.create_filled(5)
        _, host, port = self.serve()
        page = self.page(host, port)
        page.send(op="watch", ring=name, fields=["px"])
        self.assertIsNotNone(page.receive())
        self.expect(OK, "write", name, stdin="ts,px,sym\n1,7,A\n")
        page.socket.settimeout(1)
        with self.assertRaises(TimeoutError):
            page.receive()

    def test_hostile_names_are_only_text(self):
        name = self.name("<img-src=x-onerror=alert(1)>&\"'")
        schema = {"names": ["<script>alert(1)</script>", "a\"b\\c"], "formats": ["<f8", "S16"], "offsets": [0, 8],
                  "itemsize": 24, "metadata": {"fields": {"<script>alert(1)</script>": {"unit": "</td>"}}}}
        file = self.directory() / "schema.json"
        file.write_text(json.dumps(schema))
        self.expect(OK, "create", name, "--slots", 4, "--schema", file)
        self.expect(OK, "write", name, "--format", "ndjson",
                    stdin=json.dumps({"<script>alert(1)</script>": 1.5, "a\"b\\c": "</script>\u202e\x01"}) + "\n")
        page = self.watch(name, fields=["<script>alert(1)</script>"])
        picture = self.picture_until(page, lambda picture: picture.count == 1 and picture.rows)
        self.assertEqual(picture.schema["fields"][0]["name"], "<script>alert(1)</script>")
        self.assertEqual(picture.schema["columns"], schema["names"])
        self.assertEqual(picture.rows[0]["cells"][0], "1.5")


if __name__ == "__main__":
    unittest.main()
