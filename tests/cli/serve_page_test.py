"""serve: what the page draws, in a real browser, without a window."""

import base64
import json
import math
import os
import pathlib
import time
import unittest

from arena_cli import OK
from browsing import HEADING, NARROW, WIDE, BrowserCase

try:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
except ImportError:
    pass

ROOT = pathlib.Path(__file__).resolve().parents[2]


class ServePageTest(BrowserCase):
    def test_a_ring_that_is_written_is_drawn_wherever_and_can_be_paused(self):
        self.check_all(self.it_draws_a_ring_and_follows_it, self.it_pauses_and_goes_on,
                       self.it_fits_narrow_and_wide_windows_in_light_and_dark,
                       self.long_names_do_not_make_the_page_wider)

    def test_what_a_ring_holds_is_drawn_down_to_single_values(self):
        self.check_all(self.it_zooms_into_what_the_ring_holds_down_to_single_values,
                       self.a_spike_of_one_value_in_a_million_is_seen, self.every_label_of_a_chart_is_whole,
                       self.the_picture_in_the_readme_is_of_this_page)

    def it_draws_a_ring_and_follows_it(self):
        name = self.create("--time", slots=65536)
        self.writing(name)
        _, host, port = self.serve(name)
        begin = time.monotonic()
        self.browser.get(f"http://{host}:{port}/#{name}")
        self.wait(lambda: self.count() > 0 and self.painted() > 50)
        print(f"drawn after {time.monotonic() - begin:.2f} s")
        self.wait(lambda: self.newest() >= 0)
        first = self.newest()
        self.wait(lambda: self.newest() > first + 500)
        self.assertEqual(self.text("#connection"), "live")
        self.assertIn("1 alive", self.text("#ring-table tbody tr"))
        self.wait(lambda: self.all("#distributions table tr"))
        self.assertEqual(len(self.all("#newest tbody tr")), 20)
        self.shoot("wide-light")

    def it_pauses_and_goes_on(self):
        name = self.create("--time", slots=65536)
        self.writing(name)
        _, host, port = self.serve(name)
        self.open_page(host, port, name)
        self.wait(lambda: self.count() > 0)
        pause = self.one("#pause")
        pause.click()
        self.assertEqual(pause.get_attribute("aria-pressed"), "true")
        time.sleep(0.3)  # what was under way comes to its end
        paused, newest = self.chart(), self.newest()
        time.sleep(1)
        self.assertEqual((self.chart(), self.newest()), (paused, newest))
        pause.click()
        self.wait(lambda: self.newest() > newest and self.chart() != paused)

    def it_fits_narrow_and_wide_windows_in_light_and_dark(self):
        name = self.create("--time", slots=4096)
        self.writing(name)
        _, host, port = self.serve(name)
        self.open_page(host, port, name)
        for size, hint in [(WIDE, "wide"), (NARROW, "narrow")]:
            for dark in [False, True]:
                self.show_as(size, dark)
                theme = "dark" if dark else "light"
                self.wait(lambda: self.count() > 500 and self.all("#distributions tr") and self.painted() > 20)
                width, shown, overflow = self.browser.execute_script("""
                    const {clientWidth, scrollWidth, dataset} = document.documentElement;
                    return [innerWidth, dataset.theme, scrollWidth - clientWidth]""")
                self.assertEqual((width, shown), (size[0], theme))
                self.assertLessEqual(overflow, 0)
                self.shoot(f"{hint}-{theme}")

    def long_names_do_not_make_the_page_wider(self):
        long = "A" + "wide" * 15
        file = self.directory() / "schema.json"
        file.write_text(json.dumps({
            "names": [long, "text"], "formats": ["<f8", "S4"], "offsets": [0, 8], "itemsize": 12,
            "metadata": {"fields": {long: {"unit": "u" * 30}}}}))
        name = self.name("w" * 60)
        self.expect(OK, "create", name, "--slots", 8, "--schema", file)
        self.expect(OK, "write", name, "--format", "ndjson", stdin=json.dumps({long: 1 / 3, "text": "x"}) + "\n")
        _, host, port = self.serve(name, "--save-dir", self.directory())
        for width in [360, 320]:
            self.show_as((width, 900))
            self.open_page(host, port, name)
            self.wait(lambda: self.count() == 1 and self.all("#distributions tr"))
            self.assertIn(long, self.text("#charts figcaption"))
            self.one("#save").click()
            self.wait(lambda: name in self.text("#told"))
            self.shoot(f"long-{width}")
            self.assertEqual(self.wider_than_the_window(), [])
            self.browser.get("about:blank")

    def every_label_of_a_chart_is_whole(self):
        """What is written, and within the canvas; the last place of each chart is a round one."""
        name = self.create(fields="u64 big, f64 wild", slots=4096)
        self.write_text(name, "big,wild\n" + f"{2**64 - 1},-1e300\n{2**64 - 7 * 10**17},1e300\n" * 2000)
        timed = self.name("timed")
        file = self.directory() / "schema.json"
        file.write_text(json.dumps({"names": ["ts", "px"], "formats": ["<u8", "<f8"], "offsets": [0, 8], "itemsize": 16,
                                    "metadata": {"fields": {"ts": {"unit": "ms"}}, "time": "ts"}}))
        self.expect(OK, "create", timed, "--slots", 4096, "--schema", file)
        self.write_text(timed, "ts,px\n" + "".join(f"{t},{t}\n" for t in range(0, 2001)))
        _, host, port = self.serve(name, timed)
        for one, wanted in [(name, ["4.00k", "18.4E", "-1.00e300"]), (timed, ["00:00:02"])]:
            for width in [360, 1100, 1280]:
                self.show_as((width, 900))
                self.open_page(host, port, one)
                self.wait(lambda: self.count() > 2000)
                self.one("#whole").click()
                self.wait(lambda: self.text("#mode").startswith("Zoomed"))
                labels = self.labels()
                for text in wanted:
                    self.assertTrue(any(label["text"].startswith(text) for label in labels), (text, width, labels))
                for label in labels:
                    self.assertGreaterEqual(label["left"], 0, label)
                    self.assertLessEqual(label["right"], label["width"], label)
                self.shoot(f"labels-{one[-5:]}-{width}")
                self.browser.get("about:blank")

    def it_zooms_into_what_the_ring_holds_down_to_single_values(self):
        name = self.create(slots=1 << 20)
        self.write_text(name, HEADING + "".join(f"{i},{7 if i == 77777 else 1},A\n" for i in range(200_000)))
        _, host, port = self.serve(name)
        self.open_page(host, port, name)
        self.wait(lambda: self.count() > 0)
        self.one("#whole").click()
        self.wait(lambda: self.count() == 200_000)
        self.assertEqual(self.chart()["greatest"], "7")
        canvas = self.one("#charts canvas")
        for _ in range(40):  # drag over the spike, again and again
            before = self.count()
            if before <= 64:
                break
            box = self.browser.execute_script(
                "const c = arguments[0]; return [c.clientWidth, c.clientHeight]", canvas)
            place = self.spike_pixel()
            ActionChains(self.browser, duration=20).move_to_element_with_offset(
                canvas, max(66, place - 15) - box[0] // 2, 0).click_and_hold().move_by_offset(30, 0).release().perform()
            self.wait(lambda: self.count() < before)
        self.assertLessEqual(self.count(), 64)
        self.assertEqual(self.chart()["greatest"], "7")
        self.assertIn("each of them a point", self.text("#mode"))
        self.shoot("zoomed")
        self.find_value_with_keys("px: 7\n", "seq 77777")
        self.one("#live").click()
        self.wait(lambda: self.count() > 1000)

    def spike_pixel(self):
        """Where the line is highest."""
        return self.browser.execute_script("""
            const canvas = document.querySelector('#charts canvas');
            const {data, width} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const style = getComputedStyle(canvas).getPropertyValue('--series-0').trim();
            const want = [1, 3, 5].map((i) => parseInt(style.slice(i, i + 2), 16));
            for (let i = 0; i < data.length; i += 4)
              if (data[i + 3] > 80 && want.every((v, k) => Math.abs(data[i + k] - v) < 50)) return (i / 4) % width;
            return 0""")

    def find_value_with_keys(self, value, place):
        told, _ = self.press(self.one("#charts canvas"), Keys.HOME, *[Keys.ARROW_RIGHT] * 64)
        self.assertTrue(any(value in text + "\n" and place in text for text in told), told)

    def a_spike_of_one_value_in_a_million_is_seen(self):
        name = self.create(fields="f64 px", slots=1 << 20)
        _, host, port = self.serve(name)
        self.open_page(host, port, name)
        self.wait(lambda: self.all("#charts canvas"))
        self.choose("#span", "1.05M values")
        lines = ["1"] * 1_000_000
        lines[500_001] = "1000"
        self.write_text(name, "px\n" + "\n".join(lines) + "\n")
        self.wait(lambda: self.count() == 1_000_000, seconds=60)
        chart = self.chart()
        self.assertEqual((chart["least"], chart["greatest"]), ("1", "1000"))
        self.assertLess(int(chart["columns"]), 1300)
        top = self.browser.execute_script("""
            const canvas = document.querySelector('#charts canvas');
            const {data} = canvas.getContext('2d').getImageData(0, 20, canvas.width, 40);
            let count = 0;
            for (let i = 0; i < data.length; i += 4) count += data[i + 3] > 60 && data[i] < 100 && data[i + 1] > 60;
            return count""")
        self.assertGreater(top, 5)  # the stroke of the spike, far above all else
        self.shoot("spike")

    def the_picture_in_the_readme_is_of_this_page(self):
        """Compared coarsely: fonts differ. With ARENA_SHM_SCREENSHOTS, the picture is made anew there."""
        name = self.name("quotes")
        self.expect(OK, "create", name, "--slots", 4096, "--fields", "f64 px, f64 spread, u32 qty, s4 sym")
        lines = []
        for i in range(4000):
            spread = 9.5 if i == 2500 else 0.5 + i % 7 / 20
            lines.append(f"{100 + math.sin(i / 150) * 4 + i % 5 / 10:.3f},{spread:.2f},{i % 900},ES\n")
        self.write_text(name, "px,spread,qty,sym\n" + "".join(lines))
        _, host, port = self.serve(name)
        self.show_as((1100, 940))
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 4000)
        self.one("#whole").click()
        # A line of text more, above the charts; and before it, they are live ones.
        self.wait(lambda: self.text("#mode").startswith("Zoomed: 4.00k values"))
        self.wait(lambda: self.painted() > 1500 and self.painted(1) > 500)
        # The name stands for one that is not the same at each run.
        self.browser.execute_script("""
            for (const node of document.querySelectorAll('#ring-table button, h2')) {
              if (node.textContent === arguments[0]) node.textContent = 'quotes';
            }""", name)
        shown = base64.b64encode((ROOT / "src/serve/page.png").read_bytes()).decode()
        now, boxes = self.wait(lambda: self.picture_like(shown))
        # Fonts are most of it; of the charts, which are few of the pixels, there has to be as much.
        for place, box in enumerate(boxes):
            drawn, in_readme = self.painted_in(now, place, box), self.painted_in(shown, place, box)
            self.assertGreater(min(drawn, in_readme), [1500, 500][place])
            self.assertLess(max(drawn, in_readme), 1.5 * min(drawn, in_readme))

    def picture_like(self, shown):
        """A picture of the page, and the boxes of the charts in it; fails as long as it is not much like that one."""
        boxes = self.boxes_of_charts()
        # What is drawn now is in the picture: the frame of it has been made.
        self.browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        now = self.browser.get_screenshot_as_base64()
        self.assertEqual(boxes, self.boxes_of_charts(), "moved meanwhile")
        if directory := os.environ.get("ARENA_SHM_SCREENSHOTS"):
            pathlib.Path(directory, "page.png").write_bytes(base64.b64decode(now))
        difference = self.browser.execute_async_script("""
            const done = arguments[2];
            const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            const blob = (text) => new Blob([bytes(text)], {type: 'image/png'});
            const small = async (text) => {
              const picture = await createImageBitmap(blob(text));
              const canvas = new OffscreenCanvas(50, 38);
              const pen = canvas.getContext('2d', {willReadFrequently: true});
              pen.imageSmoothingQuality = 'high';
              pen.drawImage(picture, 0, 0, 50, 38);
              return [picture.width, picture.height, ...pen.getImageData(0, 0, 50, 38).data];
            };
            Promise.all([small(arguments[0]), small(arguments[1])]).then(([a, b]) => {
              if (a[0] !== b[0] || a[1] !== b[1]) return done(255);
              done(a.reduce((sum, x, i) => sum + Math.abs(x - b[i]), 0) / a.length);
            }, (error) => done(String(error)));""", now, shown)
        self.assertLess(difference, 4, "of 255, on the average of coarse pixels")
        return now, boxes


if __name__ == "__main__":
    unittest.main()
