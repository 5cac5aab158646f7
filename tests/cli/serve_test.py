"""serve: the live page by HTTP and WebSocket, without a browser: who may ask, and what is told."""

import contextlib
import json
import pathlib
import resource
import signal
import socket
import threading
import unittest

from arena_cli import ABSENT, FAILED, OK, USAGE
from serving import ServeCase

OTHER_ORIGIN = "http://evil.example"


class ServeGuardTest(ServeCase):
    def test_files_of_the_page_come_with_strict_headers(self):
        _, host, port = self.serve()
        for path, kind in [("/", "text/html"), ("/main.js", "text/javascript"), ("/style.css", "text/css")]:
            status, headers, body = self.ask(host, port, path=path)
            self.assertEqual(status, 200, path)
            self.assertEqual(headers["Content-Type"], f"{kind}; charset=utf-8")
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("script-src 'self'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertGreater(len(body), 300)

    def test_the_page_refers_to_nothing_outside(self):
        _, host, port = self.serve()
        folder = pathlib.Path(__file__).parents[2] / "src/serve/page"
        for file in folder.iterdir():
            status, _, body = self.ask(host, port, path=f"/{file.name}")
            self.assertEqual((status, body), (200, file.read_text()), file.name)
            self.assertNotRegex(body.replace("http://www.w3.org/2000/svg", ""), "https?://|innerHTML|eval\\(")

    def test_names_in_the_host_are_refused(self):
        _, host, port = self.serve()
        for good in [f"127.0.0.1:{port}", f"localhost:{port}", "localhost:9999", "[::1]:80", "10.1.2.3"]:
            self.assertEqual(self.ask(host, port, headers={"Host": good})[0], 200, good)
        for bad in ["evil.example", f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example",
                    "127.0.0.1:80:80", "[::1", "localhost:", "127.0.0.1:x", ""]:
            status, _, body = self.ask(host, port, headers={"Host": bad})
            self.assertEqual(status, 403, bad)
            self.assertIn("use an address", body)

    def test_pages_of_other_sites_are_refused(self):
        _, host, port = self.serve()
        own = f"http://{host}:{port}"
        self.assertEqual(self.ask(host, port, headers={"Origin": own})[0], 200)
        for headers in [{"Origin": OTHER_ORIGIN}, {"Origin": "null"}, {"Origin": f"https://{host}:{port}"},
                        {"Origin": f"http://{host}:{port + 1}"}, {"Sec-Fetch-Site": "cross-site"},
                        {"Sec-Fetch-Site": "same-site"}]:
            self.assertEqual(self.ask(host, port, headers=headers)[0], 403, headers)
        # Typed by a person: the page, but nothing that a link could do.
        self.assertEqual(self.ask(host, port, headers={"Sec-Fetch-Site": "none"})[0], 200)
        self.assertEqual(self.ask(host, port, "POST", "/save", {"Sec-Fetch-Site": "none"})[0], 403)

    def test_a_web_socket_of_another_site_is_refused(self):
        _, host, port = self.serve()
        self.assertEqual(self.page(host, port, headers=[f"Origin: {OTHER_ORIGIN}"]).status, 403)
        self.assertEqual(self.page(host, port, headers=[f"Origin: http://{host}:{port}"]).status, 101)

    def test_no_path_leads_to_files_of_the_host(self):
        _, host, port = self.serve()
        for path in ["/../../../../etc/passwd", "/page/../../etc/passwd", "//etc/passwd", "/%2e%2e/etc/passwd",
                     "/main.js/", "/main.js%00", "/dev/shm/x", "/%3Fx", "/live?x", "/save?x", "*"]:
            self.assertEqual(self.ask(host, port, path=path)[0], 404, path)
        for method in ["POST", "PUT", "DELETE", "OPTIONS"]:
            self.assertEqual(self.ask(host, port, method, "/")[0], 405, method)

    def test_what_is_no_request_is_told_so_and_harms_nobody(self):
        _, host, port = self.serve()
        for nonsense, status in [
            (b"\xff\x00\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\nHost: " + b"x" * 100_000 + b"\r\n\r\n", b"400"),
            (b"POST /save HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 4_000_000, b"413"),
            (b"GET /", None),
        ]:
            # All that it sends is taken, and so the answer can be read: a connection is not reset.
            with socket.create_connection((host, port), timeout=30) as client:
                client.sendall(nonsense)
                client.shutdown(socket.SHUT_WR)
                answer = client.makefile("rb").read()
            self.assertEqual(answer.split()[1] if answer else None, status, nonsense[:40])
        self.assertEqual(self.ask(host, port)[0], 200)

    def test_a_server_without_descriptors_says_so_and_goes_on(self):
        name = self.create_filled(5)
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))
        server, host, port = self.serve(preexec_fn=limit)
        page = self.page(host, port)
        clients = [socket.create_connection((host, port)) for _ in range(60)]
        try:
            page.until(lambda message: "Too many open files" in message.get("problem", ""))
        finally:
            for client in clients:
                client.close()
        page.until(lambda message: message.get("problem") == "")
        page.send(op="watch", ring=name, fields=["px"])
        self.picture_until(page, lambda picture: picture.count == 5)
        self.assertEqual(self.ask(host, port)[0], 200)
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=30)
        self.assertEqual(server.returncode, OK)
        self.assertEqual(err.count("no further page can be opened"), 1, err)

    def test_connections_that_say_nothing_have_a_bound(self):
        _, host, port = self.serve()
        clients = [socket.create_connection((host, port), timeout=30) for _ in range(300)]
        try:
            self.assertEqual(clients[-1].recv(1), b"")  # closed at once: there are so many before
            clients[0].setblocking(False)
            with self.assertRaises(BlockingIOError):
                clients[0].recv(1)
        finally:
            for client in clients:
                client.close()
        def is_served():
            with contextlib.suppress(ConnectionError):  # it has not noticed yet that they are gone
                return self.ask(host, port)[0] == 200
        self.eventually(is_served)

    def test_a_message_that_no_page_sends_ends_its_connection_only(self):
        name = self.create_filled(5)
        _, host, port = self.serve()
        other = self.page(host, port)
        for text in [b"", b"[]", b"{", b'{"op":"rm","ring":"x"}', b'{"op":7}', b'{"op":"watch","ring":[]}',
                     b'{"op":"watch","ring":"x","fields":[[[]]]}', b"[" * 30000]:
            page = self.page(host, port)
            page.send_frame(1, text)
            while page.receive() is not None:
                pass
        other.send(op="watch", ring=name, fields=["px"])
        self.picture_until(other, lambda picture: picture.count == 5)

    def test_a_ring_that_is_not_shown_cannot_be_watched(self):
        shown, hidden = self.create_filled(5), self.create_filled(5)
        _, host, port = self.serve(shown)
        page = self.page(host, port)
        for bad in [hidden, "../" + shown, "no/such", "", "x" * 300, "\x00"]:
            page.send(op="watch", ring=bad, fields=["px"])
            self.assertTrue(page.until(lambda message: message.get("problem")))
        self.assertEqual({ring["name"] for ring in page_rings(self, host, port)}, {shown})

    def test_the_address_can_be_chosen(self):
        server = self.start("serve", "--listen", "[::1]:0")
        line = server.stderr.readline()
        self.assertRegex(line, r"at http://\[::1\]:\d+/\n")
        self.expect(USAGE, "serve", "--listen", "1.2.3.4:99999", says="PORT")
        _, _, port = self.serve()
        self.expect(FAILED, "serve", "--listen", port, says="Address already in use")
        self.expect(FAILED, "serve", "--listen", "192.0.2.1:0", says="address of this host")
        self.expect(ABSENT, "serve", self.name(), "--listen", "0")

    def test_the_help_says_who_can_see_it(self):
        text = " ".join(self.expect(OK, "serve", "--help").stdout.split())
        self.assertIn("every user of this host can reach it, read all that the page shows", text)

    def test_signals_end_it_cleanly(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            server, host, port = self.serve()
            page = self.page(host, port)
            server.send_signal(number)
            _, err = server.communicate(timeout=30)
            self.assertEqual((server.returncode, err), (OK, ""))


def page_rings(case, host, port):
    return case.page(host, port).until(lambda message: message.get("rings"))


class ServeSaveTest(ServeCase):
    JSON = {"Content-Type": "application/json"}

    def own(self, host, port):
        """Headers of the page itself."""
        return {**self.JSON, "Origin": f"http://{host}:{port}"}

    def test_a_ring_is_saved_in_the_directory_of_the_start(self):
        name = self.create_filled(5)
        directory = self.directory()
        _, host, port = self.serve("--save-dir", directory)
        status, _, body = self.ask(host, port, "POST", "/save", self.own(host, port), json.dumps({"ring": name}))
        self.assertEqual(status, 200)
        saved = directory / json.loads(body)["file"]
        self.assertEqual([saved], list(directory.iterdir()))
        rows = self.expect(OK, "export", saved, "-o", "-", "--format", "csv").stdout.splitlines()
        self.assertEqual([row.split(",")[1] for row in rows[1:]], ["0", "1", "2", "3", "4"])

    def test_what_comes_is_captured(self):
        schema = self.directory() / "schema.json"
        schema.write_text('{"names":["n","ts"],"formats":["<u8","<u8"],"offsets":[0,8],"itemsize":16,'
                          '"metadata":{"fields":{"ts":{"unit":"s"}},"time":"ts"}}')
        name = self.name()
        self.expect(OK, "create", name, "--slots", 64, "--schema", schema)
        self.expect(OK, "write", name, stdin="n,ts\n" + "".join(f"{n},{n}\n" for n in range(20)))
        directory = self.directory()
        _, host, port = self.serve("--save-dir", directory)

        def capture(before, after):
            order = json.dumps({"ring": name, "before": before, "after": after})
            status, _, body = self.ask(host, port, "POST", "/save", self.own(host, port), order)
            self.assertEqual(status, 200)
            return json.loads(body)

        found = capture("3s", "100ms")  # of another clock than this machine's
        rows = self.expect(OK, "export", directory / found["file"], "-o", "-", "--format", "csv").stdout.splitlines()
        self.assertEqual([row.split(",")[2] for row in rows[1:]], ["16", "17", "18", "19"])
        self.assertRegex(found["text"], r"^4 values, 4 before the trigger, ")
        for before, after, why in [("many", "0", "'many'"), ("1", "11m", "at most 10m"), ("0", "-1s", "'-1s'")]:
            self.assertIn(why, capture(before, after)["problem"])
        self.assertEqual(len(list(directory.iterdir())), 1)

    def test_what_comes_around_the_next_value_that_matches_is_captured(self):
        name = self.create_filled(5)
        directory = self.directory()
        _, host, port = self.serve("--save-dir", directory)
        found = []

        def capture(when):
            order = json.dumps({"ring": name, "before": "2", "after": "1", "when": when})
            found.append(json.loads(self.ask(host, port, "POST", "/save", self.own(host, port), order)[2]))

        asks = threading.Thread(target=capture, args=["ts % 10 == 7 && px >= 0"])
        asks.start()
        first = 10
        while asks.is_alive():  # it sees what comes from when it has begun to watch
            lines = "".join(f"{first + i},{i},A\n" for i in range(10))
            self.expect(OK, "write", name, stdin="ts,px,sym\n" + lines)
            first += 10
        asks.join()
        rows = self.expect(OK, "export", directory / found[0]["file"], "-o", "-", "--format", "csv").stdout.splitlines()
        place = rows[0].split(",").index("_trigger")
        self.assertEqual([row.split(",")[place] for row in rows[1:]], ["0", "0", "1", "0"])
        times = [int(row.split(",")[place + 1]) for row in rows[1:]]
        self.assertEqual([time % 10 for time in times], [5, 6, 7, 8])
        capture("no_such > 1")
        self.assertRegex(found[1]["problem"], r"no_such.*\n  no_such > 1\n  \^{7}$")
        self.assertEqual(len(list(directory.iterdir())), 1)

    def test_who_waits_for_what_comes_ends_with_the_server(self):
        name = self.create_filled(5)
        directory = self.directory()
        server, host, port = self.serve("--save-dir", directory)
        order = json.dumps({"ring": name, "before": "2", "after": "1"})

        def ask():
            with contextlib.suppress(OSError):  # an answer, or none any more
                self.ask(host, port, "POST", "/save", self.own(host, port), order)

        asks = threading.Thread(target=ask)
        asks.start()
        self.eventually(lambda: list(directory.iterdir()))
        server.terminate()
        server.communicate(timeout=30)
        asks.join(timeout=30)
        rows = self.expect(OK, "export", *directory.iterdir(), "-o", "-", "--format", "csv").stdout.splitlines()
        self.assertEqual(len(rows), 3)

    def test_nothing_is_saved_for_others(self):
        name = self.create_filled(5)
        directory = self.directory()
        _, host, port = self.serve("--save-dir", directory)
        body = json.dumps({"ring": name})
        own = self.own(host, port)
        for code, method, headers, text in [
            (403, "POST", self.JSON, body),
            (403, "POST", {**self.JSON, "Sec-Fetch-Site": "same-origin"}, body),
            (403, "POST", {**self.JSON, "Origin": f"http://{host}:{port + 1}"}, body),
            (403, "POST", {**self.JSON, "Origin": OTHER_ORIGIN}, body),
            (403, "POST", {**self.JSON, "Host": "evil.example"}, body),
            (403, "POST", {**own, "Sec-Fetch-Site": "cross-site"}, body),
            (415, "POST", {**own, "Content-Type": "text/plain"}, body),
            (405, "GET", own, None),
            (400, "POST", own, "{}"),
            (400, "POST", own, "nonsense"),
        ]:
            self.assertEqual(self.ask(host, port, method, "/save", headers, text)[0], code, (headers, text))
        for bad in ["../../etc/passwd", "/etc/passwd", self.name()]:
            status, _, answer = self.ask(host, port, "POST", "/save", own, json.dumps({"ring": bad}))
            self.assertEqual(status, 200)
            self.assertIn("problem", json.loads(answer))
        self.assertEqual(list(directory.iterdir()), [])

    def test_without_a_directory_nothing_is_saved(self):
        name = self.create_filled(5)
        _, host, port = self.serve()
        status, _, body = self.ask(host, port, "POST", "/save", self.own(host, port), json.dumps({"ring": name}))
        self.assertEqual(status, 403)
        self.assertIn("--save-dir", body)
        self.expect(ABSENT, "serve", "--save-dir", self.directory() / "none", "--listen", "0", says="a directory")


if __name__ == "__main__":
    unittest.main()
