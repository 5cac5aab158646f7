"""serve: the page's controls, and what it survives, in a real browser, without a window."""

import json
import unittest

from arena_cli import OK
from browsing import HEADING, BrowserCase

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:
    pass


class ServeControlsTest(BrowserCase):
    def test_controls_do_what_they_say(self):
        self.check_all(self.fields_can_be_chosen, self.values_can_be_filtered_and_a_mistake_is_shown,
                       self.the_ring_can_be_saved, self.every_control_has_a_name_and_can_be_reached_by_keyboard)

    def test_the_page_survives_hostile_names_and_new_rings_and_servers(self):
        self.check_all(self.hostile_names_are_shown_as_text, self.it_survives_a_ring_that_is_removed_and_made_anew,
                       self.it_survives_a_server_that_is_started_again)

    def fields_can_be_chosen(self):
        name = self.create(fields="u64 ts, f64 px, u64 big, i8[3] pos", slots=16)
        self.write_text(name, "ts,px,big,pos[0],pos[1],pos[2]\n" + "1,1,18446744073709551615,1,2,3\n" * 10)
        _, host, port = self.serve(name)
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 10)
        for box in self.all("#field-list input"):
            if box.get_attribute("value") in ("big", "pos[2]") and not box.is_selected():
                box.click()
        self.wait(lambda: len(self.all("#charts canvas")) >= 3 and (self.chart(2) or {}).get("least") == "3")
        big = next(i for i in range(3) if self.chart(i)["greatest"] == "18446744073709551615")
        self.assertEqual(self.chart(big)["least"], "18446744073709551615")

    def values_can_be_filtered_and_a_mistake_is_shown(self):
        name = self.create(slots=64)
        self.write_text(name, HEADING + "".join(f"{i},{i},S{i % 2}\n" for i in range(40)))
        _, host, port = self.serve(name)
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

    def the_ring_can_be_saved(self):
        name = self.create_filled(8)
        directory = self.directory()
        _, host, port = self.serve(name, "--save-dir", directory)
        self.open_page(host, port, name)
        self.one("#save").click()
        self.wait(lambda: self.text("#told").startswith("Saved as"))
        self.assertEqual(len(list(directory.iterdir())), 1)
        for id, typed in [("before", "3"), ("after", "2")]:
            self.one(f"#{id}").clear()
            self.one(f"#{id}").send_keys(typed)
        self.one("#capture").click()
        self.wait(lambda: any(path.name.endswith(".1.npy") for path in directory.iterdir()))
        self.write_text(name, HEADING + "9,9,A\n" * 3)  # the trigger's, and those after it
        self.wait(lambda: "6 values, 3 before the trigger" in self.text("#told"))
        self.one("#when").send_keys("px == 11")
        self.one("#capture").click()
        self.wait(lambda: self.text("#told") == "Waiting for a value with px == 11.")
        for _ in range(200):  # until one of them comes after it has begun to watch
            if "Saved as" in self.text("#told"):
                break
            self.write_text(name, HEADING + "10,10,A\n11,11,A\n12,12,A\n13,13,A\n")
        self.assertIn("6 values, 3 before the trigger", self.text("#told"))
        for wrong in ["ts % 10 == 0 && zz", "px >> 10"]:
            for id, button in [("when", "capture"), ("where", "filter-form button")]:
                self.one(f"#{id}").clear()
                self.one(f"#{id}").send_keys(wrong)
                self.one(f"#{button}").click()
            self.wait(lambda: wrong in self.text("#told-picture") and wrong in self.text("#filter-problem"))
            self.assertRegex(self.text("#told-picture"), r"\n +\^+$")
            self.assertEqual(self.text("#told") + "\n" + self.text("#told-picture"), self.text("#filter-problem"))
        self.shoot("capture-problem")
        self.one("#before").send_keys("!")
        self.one("#capture").click()
        self.wait(lambda: "expected a time like" in self.text("#told") and not self.text("#told-picture"))

    def every_control_has_a_name_and_can_be_reached_by_keyboard(self):
        name = self.create_filled(8)
        _, host, port = self.serve(name)
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 8)
        tree = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        kinds = "button checkbox combobox searchbox textbox application link table region".split()
        controls = [node for node in tree if not node.get("ignored") and node.get("role", {}).get("value") in kinds]
        self.assertGreater(len(controls), 15)
        for node in controls:
            self.assertTrue(node.get("name", {}).get("value", "").strip() or node["role"]["value"] == "table", node)
        _, reached = self.press(self.one("body"), *[Keys.TAB] * 60)
        for wanted in ("theme ring-filter pause span whole zoom-in zoom-out earlier later save before after when capture "
                       "where").split():
            self.assertIn(wanted, reached)
        self.assertIn("CANVAS", {one[:6] for one in reached})

    def hostile_names_are_shown_as_text(self):
        markup = "<img-src=x-onerror=document.title='owned'>"
        name = self.name(markup)
        self.expect(OK, "create", name, "--slots", 4, "--schema", self.hostile_schema(markup))
        self.write_json(name, markup)
        _, host, port = self.serve()
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 1 and self.all("#newest tbody td"))
        self.assertEqual(self.text("#ring-title"), name)
        self.assertIn(markup, self.text("#charts figcaption"))
        self.assertIn(markup, self.text("#newest"))
        self.assertEqual(self.browser.title, "arena-shm")
        self.assertEqual(self.all("main img, main script, main iframe, main b b"), [])

    def hostile_schema(self, markup):
        file = self.directory() / "schema.json"
        file.write_text(json.dumps({"names": [markup, "text"], "formats": ["<f8", "S64"], "offsets": [0, 8],
                                    "itemsize": 72,
                                    "metadata": {"fields": {markup: {"unit": "<script>alert(1)</script>"}}}}))
        return file

    def write_json(self, name, markup):
        self.expect(OK, "write", name, "--format", "ndjson", stdin=json.dumps({markup: 1.5, "text": markup}) + "\n")

    def it_survives_a_ring_that_is_removed_and_made_anew(self):
        name = self.create(slots=64)
        self.write_text(name, HEADING + "1,1,A\n" * 10)
        _, host, port = self.serve(name)
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 10)
        self.expect(OK, "rm", name)
        self.wait(lambda: "removed" in self.text("#trouble"))
        self.expect(OK, "create", name, "--slots", 64, "--fields", "u64 ts, i16 px, i16 other")
        self.write_text(name, "ts,px,other\n" + "1,5,6\n" * 7)
        self.wait(lambda: self.count() == 7 and self.chart()["greatest"] == "5")
        self.wait(lambda: not self.one("#trouble").is_displayed())
        self.assertIn("made anew", self.text("#marks"))

    def it_survives_a_server_that_is_started_again(self):
        name = self.create(slots=64)
        self.write_text(name, HEADING + "1,1,A\n" * 10)
        server, host, port = self.serve(name)
        self.open_page(host, port, name)
        self.wait(lambda: self.count() == 10)
        server.kill()
        self.wait(lambda: "trying again" in self.text("#connection"))
        again = self.start("serve", name, "--listen", port)
        again.stderr.readline()
        self.write_text(name, HEADING + "1,1,A\n")
        self.wait(lambda: self.count() == 11)
        self.assertEqual(self.text("#connection"), "live")
        self.console()  # has said that the connection was lost


if __name__ == "__main__":
    unittest.main()
