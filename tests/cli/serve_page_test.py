"""serve: the page in a real browser, without a window."""

import base64
import json
import math
import os
import pathlib
import threading
import time
import unittest

from arena_cli import OK
from browsing import NARROW, WIDE, BrowserCase

try:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
except ImportError:
    pass

HEADING = "ts,px,sym\n"
ROOT = pathlib.Path(__file__).resolve().parents[2]


class ServePageTest(BrowserCase):
    def write(self, name, text):
        self.expect(OK, "write", name, stdin=text)

    def writing(self, name, rate=500, time_field=False):
        """A wave that goes on until the test is over."""
        writer = self.start("write", name)
        stop = threading.Event()

        def feed():
            i = 0
            writer.stdin.write("ts,px,sym\n")
            while not stop.wait(0.05):
                for _ in range(max(1, rate // 20)):
                    writer.stdin.write(f"{i},{math.sin(i / 300) * 100 + i % 7},S{i % 10}\n")
                    i += 1
                writer.stdin.flush()

        thread = threading.Thread(target=feed)
        thread.start()

        def end():
            stop.set()
            thread.join()

        self.addCleanup(end)

    def test_it_draws_a_ring_and_follows_it(self):
        name = self.create("--time", slots=65536)
        self.writing(name)
        _, host, port = self.serve(name)
        self.open_browser()
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
        self.expect_quiet_console()

    def test_it_pauses_and_goes_on(self):
        name = self.create("--time", slots=65536)
        self.writing(name)
        _, host, port = self.serve(name)
        self.open_browser()
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
        self.expect_quiet_console()

    def test_it_zooms_into_what_the_ring_holds_down_to_single_values(self):
        name = self.create(slots=1 << 20)
        self.write(name, HEADING + "".join(f"{i},{7 if i == 77777 else 1},A\n" for i in range(200_000)))
        _, host, port = self.serve(name)
        self.open_browser()
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
            ActionChains(self.browser).move_to_element_with_offset(
                canvas, max(66, place - 15) - box[0] // 2, 0).click_and_hold().move_by_offset(30, 0).release().perform()
            self.wait(lambda: self.count() < before)
        self.assertLessEqual(self.count(), 64)
        self.assertEqual(self.chart()["greatest"], "7")
        self.assertIn("each of them a point", self.text("#mode"))
        self.shoot("zoomed")
        self.find_value_with_keys("px: 7\n", "seq 77777")
        self.one("#live").click()
        self.wait(lambda: self.count() > 1000)
        self.expect_quiet_console()

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
        canvas = self.one("#charts canvas")
        canvas.send_keys(Keys.HOME)
        for _ in range(70):
            if value in self.text("#crosshair") + "\n":
                break
            canvas.send_keys(Keys.ARROW_RIGHT)
        self.assertIn(value, self.text("#crosshair") + "\n")
        self.assertIn(place, self.text("#crosshair"))

    def test_a_spike_of_one_value_in_a_million_is_seen(self):
        name = self.create(fields="f64 px", slots=1 << 20)
        _, host, port = self.serve(name)
        self.open_browser()
        self.open_page(host, port, name)
        self.wait(lambda: self.all("#charts canvas"))
        self.choose("#span", "1.05M values")
        lines = ["1"] * 1_000_000
        lines[500_001] = "1000"
        self.write(name, "px\n" + "\n".join(lines) + "\n")
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
        self.expect_quiet_console()

    def test_it_survives_a_ring_that_is_removed_and_made_anew(self):
        name = self.create(slots=64)
        self.write(name, HEADING + "1,1,A\n" * 10)
        _, host, port = self.serve(name)
        self.open_browser()
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 10)
        self.expect(OK, "rm", name)
        self.wait(lambda: "removed" in self.text("#trouble"))
        self.expect(OK, "create", name, "--slots", 64, "--fields", "u64 ts, i16 px, i16 other")
        self.write(name, "ts,px,other\n" + "1,5,6\n" * 7)
        self.wait(lambda: self.count() == 7 and self.chart()["greatest"] == "5")
        self.wait(lambda: not self.one("#trouble").is_displayed())
        self.assertIn("made anew", self.text("#marks"))
        self.expect_quiet_console()

    def test_it_survives_a_server_that_is_started_again(self):
        name = self.create(slots=64)
        self.write(name, HEADING + "1,1,A\n" * 10)
        server, host, port = self.serve(name)
        self.open_browser()
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 10)
        server.kill()
        self.wait(lambda: "trying again" in self.text("#connection"))
        again = self.start("serve", name, "--listen", port)
        again.stderr.readline()
        self.write(name, HEADING + "1,1,A\n")
        self.wait(lambda: self.count() == 11)
        self.assertEqual(self.text("#connection"), "live")

    def test_hostile_names_are_shown_as_text(self):
        markup = "<img-src=x-onerror=document.title='owned'>"
        name = self.name(markup)
        self.expect(OK, "create", name, "--slots", 4, "--schema", self.hostile_schema(markup))
        self.write_json(name, markup)
        _, host, port = self.serve()
        self.open_browser()
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 1 and self.all("#newest tbody td"))
        self.assertEqual(self.text("#ring-title"), name)
        self.assertIn(markup, self.text("#charts figcaption"))
        self.assertIn(markup, self.text("#newest"))
        self.assertEqual(self.browser.title, "arena-shm")
        self.assertEqual(self.all("main img, main script, main iframe, main b b"), [])
        self.expect_quiet_console()

    def hostile_schema(self, markup):
        file = self.directory() / "schema.json"
        file.write_text(json.dumps({"names": [markup, "text"], "formats": ["<f8", "S64"], "offsets": [0, 8],
                                    "itemsize": 72,
                                    "metadata": {"fields": {markup: {"unit": "<script>alert(1)</script>"}}}}))
        return file

    def write_json(self, name, markup):
        self.expect(OK, "write", name, "--format", "ndjson", stdin=json.dumps({markup: 1.5, "text": markup}) + "\n")

    def test_fields_can_be_chosen_and_losses_are_marked(self):
        name = self.create(fields="u64 ts, f64 px, u64 big, i8[3] pos", slots=16)
        self.write(name, "ts,px,big,pos[0],pos[1],pos[2]\n" + "1,1,18446744073709551615,1,2,3\n" * 10)
        _, host, port = self.serve(name)
        self.open_browser()
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 10)
        for box in self.all("#field-list input"):
            if box.get_attribute("value") in ("big", "pos[2]") and not box.is_selected():
                box.click()
        self.wait(lambda: len(self.all("#charts canvas")) >= 3 and (self.chart(2) or {}).get("least") == "3")
        big = next(i for i in range(3) if self.chart(i)["greatest"] == "18446744073709551615")
        self.assertEqual(self.chart(big)["least"], "18446744073709551615")
        self.expect_quiet_console()

    def test_values_can_be_filtered_and_a_mistake_is_shown(self):
        name = self.create(slots=64)
        self.write(name, HEADING + "".join(f"{i},{i},S{i % 2}\n" for i in range(40)))
        _, host, port = self.serve(name)
        self.open_browser()
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 40)
        box = self.one("#where")
        box.send_keys('px >= 10 && sym == "S1"' + Keys.ENTER)
        self.wait(lambda: self.count() == 15)
        self.assertEqual(self.chart()["least"], "11")
        box.clear()
        box.send_keys("px >> 10" + Keys.ENTER)
        self.wait(lambda: "^" in self.text("#filter-problem"))
        self.shoot("filter-problem")
        box.clear()
        box.send_keys(Keys.ENTER)
        self.wait(lambda: self.count() == 40 and self.text("#filter-problem") == "")
        self.expect_quiet_console()

    def test_the_picture_in_the_readme_is_of_this_page(self):
        """Compared coarsely: fonts differ. With ARENA_SHM_SCREENSHOTS, the picture is made anew there."""
        name = self.name("quotes")
        self.expect(OK, "create", name, "--slots", 4096, "--fields", "f64 px, f64 spread, u32 qty, s4 sym")
        self.write(name, "px,spread,qty,sym\n" + "".join(
            f"{100 + math.sin(i / 150) * 4 + i % 5 / 10:.3f},{9.5 if i == 2500 else 0.5 + i % 7 / 20:.2f},{i % 900},ES\n"
            for i in range(4000)))
        _, host, port = self.serve(name)
        self.open_browser((1100, 940))
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 4000)
        self.one("#whole").click()
        self.wait(lambda: self.painted() > 1500 and self.painted(1) > 500)
        # The name stands for one that is not the same at each run.
        self.browser.execute_script("""
            for (const node of document.querySelectorAll('#ring-table button, h2')) {
              if (node.textContent === arguments[0]) node.textContent = 'quotes';
            }""", name)
        now = self.browser.get_screenshot_as_base64()
        if directory := os.environ.get("ARENA_SHM_SCREENSHOTS"):
            pathlib.Path(directory, "page.png").write_bytes(base64.b64decode(now))
        shown = base64.b64encode((ROOT / "src/serve/page.png").read_bytes()).decode()
        difference = self.browser.execute_async_script("""
            const done = arguments[2];
            const blob = (text) => new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], {type: 'image/png'});
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
        self.assertLess(difference, 4)

    def test_the_ring_can_be_saved(self):
        name = self.create_filled(8)
        directory = self.directory()
        _, host, port = self.serve(name, "--save-dir", directory)
        self.open_browser()
        self.open_page(host, port, name)
        self.one("#save").click()
        self.wait(lambda: self.text("#told").startswith("Saved as"))
        self.assertEqual(len(list(directory.iterdir())), 1)
        self.expect_quiet_console()

    def test_every_control_has_a_name_and_can_be_reached_by_keyboard(self):
        name = self.create_filled(8)
        _, host, port = self.serve(name)
        self.open_browser()
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 8)
        tree = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        kinds = "button checkbox combobox searchbox textbox application link table region".split()
        controls = [node for node in tree if not node.get("ignored") and node.get("role", {}).get("value") in kinds]
        self.assertGreater(len(controls), 15)
        for node in controls:
            self.assertTrue(node.get("name", {}).get("value", "").strip() or node["role"]["value"] == "table", node)
        reached = set()
        body = self.one("body")
        body.send_keys(Keys.TAB)
        for _ in range(60):
            reached.add(self.browser.execute_script(
                "const e = document.activeElement; return e.id || e.tagName + (e.value ?? e.textContent)"))
            ActionChains(self.browser).send_keys(Keys.TAB).perform()
        for wanted in "theme ring-filter pause span whole zoom-in zoom-out earlier later save where".split():
            self.assertIn(wanted, reached)
        self.assertIn("CANVAS", {one[:6] for one in reached})
        self.expect_quiet_console()

    def test_it_fits_narrow_and_wide_windows_in_light_and_dark(self):
        name = self.create("--time", slots=4096)
        self.writing(name)
        _, host, port = self.serve(name)
        for size, hint in [(WIDE, "wide"), (NARROW, "narrow")]:
            for dark in [False, True]:
                browser = self.open_browser(size, dark)
                self.open_page(host, port, name)
                self.wait(lambda: self.count() > 500 and self.painted() > 20 and self.all("#distributions tr"))
                overflow = browser.execute_script(
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                self.assertLessEqual(overflow, 0)
                theme = browser.execute_script("return document.documentElement.dataset.theme")
                self.assertEqual(theme, "dark" if dark else "light")
                self.shoot(f"{hint}-{theme}")
                self.expect_quiet_console()


if __name__ == "__main__":
    unittest.main()
