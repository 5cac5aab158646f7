"""serve: many pages at once, pages that take nothing, and pages that are gone."""

import json
import os
import pathlib
import time
import unittest

from arena_cli import OK
from serving import PageSocket, Picture, ServeCase


class ServeClientsTest(ServeCase):
    def test_fifty_pages_at_once_each_get_all(self):
        name = self.create_filled(8)
        _, host, port = self.serve()
        pages = [self.page(host, port) for _ in range(50)]
        pictures = [Picture() for _ in pages]
        for page in pages:
            page.send(op="watch", ring=name, fields=["px"])
        for page, picture in zip(pages, pictures):
            page.until(lambda message: picture.take(message) or picture.count == 8)
        self.expect(OK, "write", name, stdin="ts,px,sym\n" + "1,7,A\n" * 5)
        for page, picture in zip(pages, pictures):
            page.until(lambda message: picture.take(message) or picture.count == 13)
        self.assertEqual(self.ask(host, port)[0], 200)

    def test_a_query_asks_for_the_same_file(self):
        _, host, port = self.serve()
        for path in ["/", "/index.html", "/main.js", "/style.css"]:
            _, headers, body = self.ask(host, port, path=path)
            for query in ["?", "?x=1", "?x=/live&y=/../z?", "?/main.js"]:
                status, same, text = self.ask(host, port, path=path + query)
                self.assertEqual((status, same["Content-Type"], text), (200, headers["Content-Type"], body), query)
        for path in ["?x", "/none?x", "/live?x", "/save?x", "/none?/main.js"]:
            self.assertEqual(self.ask(host, port, path=path)[0], 404, path)

    def test_a_page_that_takes_nothing_holds_up_nobody_and_is_not_behind_afterwards(self):
        numbers = [f"n{i}" for i in range(16)]
        name = self.create(fields=", ".join(f"i64 {one}" for one in numbers), slots=1 << 15)
        row = ",".join(["-9223372036854775807"] * 16)
        self.write(name, ",".join(numbers), *[row] * (1 << 15))
        _, host, port = self.serve()
        wish = {"op": "watch", "ring": name, "fields": numbers, "columns": 2048, "span": 1 << 15}
        quick = self.page(host, port)
        quick.send(**wish)
        picture = self.picture_until(quick, lambda picture: picture.count == 1 << 15)
        slow = self.page(host, port, receive_buffer=4096)
        for _ in range(8):  # each wants all anew: much more than the kernel takes for it
            slow.send(**wish, anew=True)
            slow.send(op="next")
            time.sleep(0.11)  # in which the server looks for news; if it does not, one message less
        self.write(name, ",".join(numbers), *[row] * 1000)
        quick.until(lambda message: picture.take(message) or picture.counts["read"] == str((1 << 15) + 1000))
        waiting = self.waiting(slow)
        # What it had not taken was in the middle of a message, and the one behind that has all.
        behind, sizes = Picture(), []
        while (behind.counts or {}).get("read") != str((1 << 15) + 1000):
            text = slow.receive()
            slow.send(op="next")
            sizes.append(len(text))
            behind.take(json.loads(text))
        self.assertGreater(sum(sizes[:-1]), waiting + 10_000)
        self.assertLess(len(sizes), 8)

    def waiting(self, page):
        """Bytes that the kernel has for that page, and the page has not taken."""
        here, there = (f":{socket_[1]:04X}" for socket_ in (page.socket.getpeername(), page.socket.getsockname()))
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            cells = line.split()
            if cells[1].endswith(here) and cells[2].endswith(there):
                return int(cells[4].split(":")[0], 16)
        raise AssertionError("there is no such connection")

    def test_clients_that_are_gone_are_noticed(self):
        name = self.create_filled(8)
        server, host, port = self.serve()
        pages = [PageSocket(host, port) for _ in range(20)]
        for page in pages:
            page.send(op="watch", ring=name, fields=["px"])
            page.next()
        descriptors = lambda: len(os.listdir(f"/proc/{server.pid}/fd"))
        maps = lambda: pathlib.Path(f"/proc/{server.pid}/maps").read_text().count(name)
        self.eventually(lambda: maps() > 0)  # by a thread of its own
        with_pages = descriptors()
        for page in pages:
            page.close()  # without a word
        self.eventually(lambda: descriptors() <= with_pages - 20)
        self.eventually(lambda: maps() == 0)  # nobody looks: the ring is not read any more

    def test_the_ring_is_mapped_read_only(self):
        name = self.create_filled(8)
        server, host, port = self.serve()
        page = self.page(host, port)
        page.send(op="watch", ring=name, fields=["px"])
        self.picture_until(page, lambda picture: picture.count == 8)
        lines = [line for line in pathlib.Path(f"/proc/{server.pid}/maps").read_text().splitlines() if name in line]
        self.assertTrue(lines)
        for line in lines:
            self.assertEqual(line.split()[1], "r--s", line)


if __name__ == "__main__":
    unittest.main()
