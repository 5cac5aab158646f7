"""The page arena-shm-layout(5) against the headers; and that a difference would be noticed; and how it is shown."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import make_facts
import page_tables

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGE = pathlib.Path(os.environ["ARENA_SHM_LAYOUT_PAGE"])


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.page = PAGE.read_text()
        cls.facts = json.loads(subprocess.check_output([os.environ["ARENA_SHM_LAYOUT_FACTS"]]))

    def complaints(self, page=None, facts=None):
        return page_tables.compare(page or self.page, facts or self.facts, make_facts.calls)

    def test_each_field_and_constant_is_there_with_its_number(self):
        self.assertEqual(self.complaints(), [])
        self.assertGreater(len(self.facts), 150)

    def rows(self):
        """Of each row of a table that is compared: where it begins in the page, its cells, what the table is of."""
        for table in re.finditer(r'(?ms)^\.\\" table: (\w+)[^\n]*\n\.TS\n.*?\n_\n(.*?)^\.TE$', self.page):
            for row in re.finditer(r"(?m)^[^\n]*\t[^\n]*$", table[2]):
                yield table.start(2) + row.start(), row[0].split("\t"), table[1]

    def with_cell(self, at, cells, column, text):
        """The page with another text in one cell of a row."""
        changed = "\t".join([*cells[:column], text, *cells[column + 1 :]])
        return self.page[:at] + changed + self.page[at + len("\t".join(cells)) :]

    def test_each_wrong_number_is_noticed(self):
        mutants = 0
        for at, cells, kind in self.rows():
            for column in {"struct": [0, 1], "enum": [0]}.get(kind, [1]):
                for number in re.finditer(r"(?<![\w-])(0x[0-9a-f]+|\d+)\b", cells[column]):
                    wrong = hex(int(number[0], 16) + 1) if number[0].startswith("0x") else str(int(number[0]) + 1)
                    cell = cells[column][: number.start()] + wrong + cells[column][number.end() :]
                    self.assertTrue(self.complaints(page=self.with_cell(at, cells, column, cell)), (cells, cell))
                    mutants += 1
        self.assertGreater(mutants, 200)

    def test_each_missing_name_is_noticed(self):
        for at, cells, kind in self.rows():
            column = {"struct": 2, "enum": 1}.get(kind, 0)
            if cells[column] == r"\-":
                continue
            name = re.sub(r"^\w+", lambda word: word[0] + "x", cells[column])
            self.assertTrue(self.complaints(page=self.with_cell(at, cells, column, name)), cells)

    def test_what_the_headers_have_and_the_page_has_not_is_noticed(self):
        for fact in (["field", "Seat", "fresh", 192, 8], ["constant", "", "kFresh", 1, 0],
                     ["enumerator", "Standing", "fresh", 4, 0], ["size", "Fresh", "", 8, 0]):
            self.assertTrue(self.complaints(facts=[*self.facts, fact]), fact)

    def test_a_new_field_or_constant_of_a_header_is_found(self):
        text = (SOURCE / "include/arena_shm/core/layout.hpp").read_text()
        line = "  std::array<std::uint64_t, 4> unused;\n"
        self.assertEqual(text.count(line), 1)
        more = text.replace(line, line + "  std::atomic<std::uint64_t> fresh;  // of something\n")
        more += "struct Fresh {\n  std::uint64_t one;\n};\ninline constexpr std::uint64_t kFresh = 1;\n"
        before, after = dict(make_facts.structs(text)), dict(make_facts.structs(more))
        self.assertEqual(after["Seat"], [*before["Seat"], "fresh"])
        self.assertEqual(after["Fresh"], ["one"])
        self.assertEqual(make_facts.constants(more), [*make_facts.constants(text), "kFresh"])

    def test_it_is_shown_without_warnings(self):
        if shutil.which("man") is None:
            self.skipTest("man-db is not installed")
        for width in (80, 100, 132):
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", PAGE],
                                  env={"MANWIDTH": str(width), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""), width)

    def test_it_is_correct_roff(self):
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        command = ["mandoc", "-T", "lint", "-W", "warning", PAGE]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
