"""serve: where a chart ends, and what a zoom shows: each value, and each loss, at its place."""

import json
import pathlib
import shutil
import subprocess
import time
import unittest

from arena_cli import OK, SHM
from segment_pokes import Pokes, done
from serving import ServeCase

PAGE = pathlib.Path(__file__).resolve().parents[2] / "src/serve/page"
TIMED = {"names": ["ts", "px"], "formats": ["<i8", "<f8"], "offsets": [0, 8], "itemsize": 16,
         "metadata": {"time": "ts", "fields": {"ts": {"unit": "ns"}}}}


class ServePlacesTest(ServeCase, Pokes):
    def zoom(self, page, name, begin=None, end=None, columns=100, **wish):
        places = {} if begin is None else {"from": str(begin), "to": str(end)}
        page.send(op="zoom", ring=name, fields=["px"], id=1, columns=columns, **places, **wish)
        return page.until(lambda message: message.get("detail"))

    def create_timed(self, slots=8192):
        name = self.name()
        file = self.directory() / "schema.json"
        file.write_text(json.dumps(TIMED))
        self.expect(OK, "create", name, "--slots", slots, "--schema", file)
        return name

    def write_times(self, name, times):
        self.write(name, "ts,px", *(f"{time},{i}" for i, time in enumerate(times)))

    def test_one_time_far_in_the_future_does_not_stop_the_chart(self):
        name = self.create_timed()
        page = self.watch(name, span=10)
        now = time.time_ns()
        self.write_times(name, [now + i * 1_000_000 for i in range(1000)] + [now + 10**15])
        picture = self.picture_until(page, lambda picture: picture.count == 1000)
        self.write_times(name, [now + 10**9 + i * 1_000_000 for i in range(1000)])
        apart = []

        def look(message):
            picture.take(message)
            apart.append(message.get("watch", {}).get("apart", apart[-1] if apart else None))
            return picture.count == 2000 and apart[-1] == "1" and picture.rows[-1]["cells"][1] == "999.0"

        page.until(look)
        end = int(picture.message["origin"]) + round(picture.message["end"] * 1e9)
        self.assertLess(abs(end - now - 2 * 10**9), 10**9)

    def test_the_least_and_the_greatest_time_have_their_places(self):
        name = self.create_timed()
        self.write_times(name, [-2**63, 2**63 - 1])
        page = self.watch(name)
        detail = self.zoom(page, name, columns=16)
        self.assertEqual((detail["count"], detail["greatest"]), ("2", [[0, 1]]))
        self.assertEqual(detail["at"][0], 0)
        self.assertLess(abs(detail["at"][1] - (2**63 / 1e9)), 2**42 / 1e9)
        self.assertLess(abs(detail["to"] - detail["at"][1]), 1e-3)

    def test_columns_of_a_zoom_begin_where_they_are_and_have_their_width(self):
        name = self.create(slots=8192)
        self.write(name, "ts,px,sym", *["1,1,A"] * 8000)
        page = self.watch(name)
        detail = self.zoom(page, name, 0, 4000, columns=100, where="px > 0")
        self.assertEqual((detail["points"], detail["width"], detail["at"]), (False, 40, list(range(0, 4000, 40))))
        # The ring holds nothing there: the columns are not wider.
        detail = self.zoom(page, name, 4000, 20_000, columns=100)
        self.assertEqual((detail["width"], detail["at"]), (160, list(range(0, 4000, 160))))
        detail = self.zoom(page, name, 0, 10, columns=100)
        self.assertEqual((detail["points"], detail["width"], detail["at"]), (True, 0, list(range(10))))

    def test_any_number_of_columns_can_be_asked_for(self):
        name = self.create(slots=8192)
        self.write(name, "ts,px,sym", *["1,1,A"] * 8000)
        page = self.watch(name)
        for wish, count in [(1e300, 2048), (-1e300, 16), (-5, 16), (0.5, 16), (2**64, 2048), (20.5, 20)]:
            self.assertEqual(len(self.zoom(page, name, 0, 8000, columns=wish)["at"]), count, wish)

    def test_a_zoom_shows_its_own_losses_only(self):
        name = self.create(fields="f64 px", slots=64)
        self.write(name, "px", *["1"] * 100)
        for seq in (70, 71, 72):
            self.poke_stamp(SHM / name, seq % 64, done(seq - 64))  # its writer died
        page = self.watch(name)
        for begin, end, lost in [(80, 100, 0), (73, 80, 0), (36, 60, 0), (60, 80, 3), (71, 80, 2), (60, 71, 1),
                                 (71, 72, 1)]:
            detail = self.zoom(page, name, begin, end)
            self.assertEqual(sum(sum(one[1:]) for one in detail["lost"]), lost, (begin, end))
            self.assertTrue(all(begin + detail["at"][one[0]] in (70, 71, 72) for one in detail["lost"]))

    def test_a_filter_that_is_too_long_is_refused_and_not_cut(self):
        name = self.create_filled(64, slots=64)
        where = "px >= 0" + " " * 4080 + "&& px > 30"
        page = self.watch(name, where=where)
        picture = self.picture_until(page, lambda picture: picture.problem)
        self.assertIn("no more than 4096 bytes", picture.problem)
        self.assertEqual(picture.columns, {})
        self.assertIn("no more than 4096 bytes", self.zoom(page, name, where=where)["problem"])
        page.send(op="watch", ring=name, fields=["px"], where="px > 30")
        page.until(lambda message: picture.take(message) or picture.count == 3)
        self.assertEqual(picture.problem, "")

    def test_fields_that_cannot_all_be_drawn_are_told(self):
        name = self.create(fields="f64[100] v", slots=4)
        self.write(name, ",".join(f"v[{i}]" for i in range(100)), "1," * 99 + "1")
        _, host, port = self.serve(name)
        pages = [self.page(host, port) for _ in range(5)]
        for k, page in enumerate(pages):
            page.send(op="watch", ring=name, fields=[f"v[{i}]" for i in range(16 * k, 16 * k + 16)])
            if k < 4:
                self.picture_until(page, lambda picture: picture.count == 1)
        picture = self.picture_until(pages[4], lambda picture: picture.problem)
        self.assertIn("v[64], v[65]", picture.problem)
        pages[0].close()
        pages[4].until(lambda message: picture.take(message) or
                       (picture.problem == "" and len((picture.message or {}).get("fields", "")) == 16))

    def module_says(self, file, expression, names):
        """What an expression with these names of a file of the page is there."""
        if shutil.which("node") is None:
            self.skipTest("needs the package nodejs")
        script = f"""
            import {{ {names} }} from {json.dumps((PAGE / file).as_uri())};
            console.log(JSON.stringify({expression}));"""
        shown = subprocess.run(["node", "--input-type=module", "-"], input=script, stdout=subprocess.PIPE, text=True,
                               timeout=60, check=True)
        return json.loads(shown.stdout)

    def test_the_page_shortens_numbers_to_what_they_are(self):
        texts = {
            "0": "0", "-0.5": "-0.500", "7": "7", "-999": "-999", "99.96": "100", "999.4": "999", "999.5": "1.00k",
            "-999.7": "-1.00k", "1000": "1.00k", "4000": "4.00k", "999499": "999k", "999500": "1.00M",
            "999999": "1.00M", "-999999": "-1.00M", "1234567": "1.23M", "999999999": "1.00G", "999600000000": "1.00T",
            "999999999999999": "1.00P", "1e17": "100P", "18446744073709551615": "18.4E", "9.996e20": "1.00e21",
            "-1.7e308": "-1.70e308"}
        self.assertEqual(self.module_says("format.js", f"{list(map(float, texts))}.map(short)", "short"),
                         list(texts.values()))
        # Each power of ten with what is just below and above it: three digits that are near it, and no power of both.
        nearly = [factor * 10 ** power for power in range(1, 21) for factor in (0.9994, 0.9996, 0.999999, 1.0, 1.004)]
        for number, text in zip(nearly, self.module_says("format.js", f"{nearly}.map(short)", "short")):
            self.assertRegex(text, r"^(\d{1,3}|\d\.\d\d|\d\d\.\d)[kMGTPE]?$")
            steps = " kMGTPE".index(text[-1]) if text[-1].isalpha() else 0
            self.assertAlmostEqual(float(text.rstrip("kMGTPE")) * 1000 ** steps / number, 1, delta=0.0051)

    def test_the_page_shortens_times_to_what_they_are(self):
        texts = {"0": "0 s", "0.9996": "1.00 s", "0.9994": "999 ms", "0.001": "1 ms", "0.0009998": "1.00 ms",
                 "9.998e-7": "1.00 us", "1.5e-8": "15.0 ns", "119.9": "120 s", "120": "2 min", "-0.9999": "-1.00 s"}
        told = self.module_says("format.js", f"{list(map(float, texts))}.map(duration)", "duration")
        self.assertEqual(dict(zip(texts, told)), texts)

    def test_the_page_takes_columns_as_they_are(self):
        empty = {"fields": ["q"], "lost": [], "origin": "0", "along": "time"}
        three = {**empty, "points": False, "from": 0, "to": 10, "width": 0.01, "at": [1, 5, 9], "n": [5, 5, 5],
                 "seq": ["0", "5", "10"], "least": [["9007199254740993", "9007199254740992", "9007199254740994"]],
                 "greatest": [["-9007199254740992", "-9007199254740993", "-9007199254740994"]], "odd": [[0, 0, 0]]}
        middles, extremes = self.module_says("columns.js", f"""(() => {{
            const columns = new Columns();
            columns.takeDetail({json.dumps(three)});
            return [columns.list.map((one) => one.x + columns.width / 2), columns.extremes(0)];
            }})()""", "Columns")
        self.assertEqual([round(middle, 6) for middle in middles], [1.005, 5.005, 9.005])
        self.assertEqual((extremes["least"], extremes["greatest"]), ("9007199254740992", "-9007199254740992"))


if __name__ == "__main__":
    unittest.main()
