"""The live page in a real browser: Debian's chromium without a window, driven by chromium-driver."""

import math
import os
import pathlib
import threading
import time

from arena_cli import OK
from serving import ServeCase

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select
except ImportError:
    webdriver = None

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
HEADING = "ts,px,sym\n"
WIDE, NARROW = (1280, 1100), (420, 1600)


class BrowserCase(ServeCase):
    """Each test has a browser of its own, for several checks in turn: to start one takes longer than most of them.
    Whatever its console says is a failure."""

    def check_all(self, *checks):
        """Each of them, with a page that knows of none before; all are tried."""
        self.open_browser()
        for check in checks:
            with self.subTest(check.__name__):
                self.browser.get("about:blank")
                self.show_as()
                check()
                self.assertEqual(self.console(), [])

    def open_browser(self):
        if webdriver is None or not os.path.exists(CHROMIUM) or not os.path.exists(DRIVER):
            self.skipTest("needs the packages chromium, chromium-driver and python3-selenium")
        options = Options()
        options.binary_location = CHROMIUM
        profile = self.directory()
        for argument in ["--headless=new", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                         "--disable-extensions", "--disable-background-networking", "--disable-component-update",
                         f"--user-data-dir={profile}", f"--window-size={WIDE[0]},{WIDE[1]}",
                         *(["--no-sandbox"] if os.geteuid() == 0 else [])]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.browser = webdriver.Chrome(service=Service(DRIVER), options=options)
        self.addCleanup(self.browser.quit)

    def show_as(self, size=WIDE, dark=False):
        """The window, and what the system likes."""
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})

    def write_text(self, name, text):
        self.expect(OK, "write", name, stdin=text)

    def writing(self, name, rate=500):
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

    def open_page(self, host, port, name=None):
        """The page, at this ring if there is one."""
        self.browser.get(f"http://{host}:{port}/")
        if name is not None:
            self.wait(lambda: self.button_of(name)).click()

    def button_of(self, name):
        return next((button for button in self.all("#ring-table button") if button.text == name), None)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """As it is seen, at one moment: what is redrawn all the time has no elements that stay."""
        return self.browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def choose(self, selector, text):
        Select(self.one(selector)).select_by_visible_text(text)

    def wait(self, condition, seconds=60):
        """Until that is true; returns what it was. What is redrawn meanwhile is looked for again."""
        end = time.monotonic() + seconds
        while True:
            try:
                if result := condition():
                    return result
            except Exception:
                if time.monotonic() > end:
                    raise
            self.assertLess(time.monotonic(), end, f"waited in vain; console: {self.console()}")
            time.sleep(0.05)

    def chart(self, place=0):
        """What a chart says of itself: count, least, greatest, columns."""
        return self.browser.execute_script(
            "const c = document.querySelectorAll('#charts canvas')[arguments[0]]; return c ? {...c.dataset} : null",
            place)

    def count(self):
        return int((self.chart() or {}).get("count", -1))

    def newest(self):
        """The sequence number of the newest value in the table."""
        return int(self.text("#newest tbody td") or -1)

    def painted(self, place=0):
        """How many pixels of a chart are of its series' colour."""
        return self.browser.execute_script("""
            const canvas = document.querySelectorAll('#charts canvas')[arguments[0]];
            const style = getComputedStyle(canvas).getPropertyValue('--series-' + arguments[0]).trim();
            const want = [1, 3, 5].map((i) => parseInt(style.slice(i, i + 2), 16));
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let i = 0; i < data.length; i += 4)
              count += data[i + 3] > 100 && want.every((v, k) => Math.abs(data[i + k] - v) < 40);
            return count""", place)

    def boxes_of_charts(self):
        """x, y, width and height of each, in pixels of the window."""
        return self.browser.execute_script("""
            return [...document.querySelectorAll('#charts canvas')].map((chart) => {
              const {x, y, width, height} = chart.getBoundingClientRect();
              return [x, y, width, height];
            })""")

    def painted_in(self, picture, place, box):
        """As painted(), but in a picture of the whole page, where that chart had this box."""
        return self.browser.execute_async_script("""
            const [text, place, [x, y, width, height], done] = arguments;
            const chart = document.querySelectorAll('#charts canvas')[place];
            const style = getComputedStyle(chart).getPropertyValue('--series-' + place).trim();
            const want = [1, 3, 5].map((i) => parseInt(style.slice(i, i + 2), 16));
            const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            createImageBitmap(new Blob([bytes], {type: 'image/png'}), x, y, width, height).then((picture) => {
              const canvas = new OffscreenCanvas(width, height);
              const pen = canvas.getContext('2d', {willReadFrequently: true});
              pen.drawImage(picture, 0, 0);
              const {data} = pen.getImageData(0, 0, width, height);
              let count = 0;
              for (let i = 0; i < data.length; i += 4) count += want.every((v, k) => Math.abs(data[i + k] - v) < 40);
              done(count);
            }, (error) => done(String(error)));""", picture, place, box)

    def labels(self):
        """What is written on the charts, and from where to where, in pixels of each."""
        return self.browser.execute_script("""
            const labels = [];
            const pen = CanvasRenderingContext2D.prototype;
            const write = pen.fillText;
            pen.fillText = function (text, x, y, most = Infinity) {
              const size = Math.min(this.measureText(text).width, most);
              const left = x - {left: 0, center: size / 2, right: size}[this.textAlign];
              labels.push({text, left, right: left + size, width: this.canvas.clientWidth, y});
            };
            document.querySelector('#theme').dispatchEvent(new Event('change')); // all is drawn anew
            pen.fillText = write;
            return labels""")

    def wider_than_the_window(self):
        """What makes it scroll sideways; nothing, if it does not."""
        return self.browser.execute_script("""
            const {clientWidth, scrollWidth} = document.documentElement;
            const ends = [...document.querySelectorAll('body *')].filter((one) => !one.closest('.scroll, .skip'));
            return scrollWidth <= clientWidth ? [] : [scrollWidth,
              ...ends.filter((one) => one.getBoundingClientRect().right > clientWidth).map((one) => one.outerHTML)]""")

    def press(self, element, *keys):
        """Presses them one by one; returns what the crosshair said after each, and which elements had the focus."""
        self.browser.execute_script("""
            const told = document.querySelector('#crosshair');
            if (window.reached === undefined)
              document.addEventListener('focusin', ({target}) =>
                window.reached.push(target.id || target.tagName + (target.value ?? target.textContent)));
            window.told = [];
            window.reached = [];
            window.toldBy?.disconnect();
            window.toldBy = new MutationObserver(() => window.told.push(told.innerText));
            window.toldBy.observe(told, {childList: true, characterData: true, subtree: true});""")
        element.send_keys(*keys)
        return self.browser.execute_script("return [window.told, window.reached]")

    def console(self):
        """What it has complained of, but for how these tests read pictures back."""
        return [entry for entry in self.browser.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and "willReadFrequently" not in entry["message"]]

    def shoot(self, name):
        """A picture for people to look at, where ARENA_SHM_SCREENSHOTS says."""
        if directory := os.environ.get("ARENA_SHM_SCREENSHOTS"):
            pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(str(pathlib.Path(directory) / f"{name}.png"))
