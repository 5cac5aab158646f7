"""metrics --listen: the page by HTTP, and who asks for it."""

import http.client
import signal
import socket
import unittest
import urllib.error
import urllib.request

from arena_cli import FAILED, OK
from exposition import MetricsCase, parse


class MetricsHttpTest(MetricsCase):
    def test_what_may_not_be_read_is_counted_by_http_too(self):
        self.create()
        _, url, _, _ = self.serve(**self.as_nobody())
        with urllib.request.urlopen(url, timeout=30) as response:
            self.assertGreaterEqual(self.skipped(parse(response.read().decode()))["no_permission"], 1)

    def test_a_client_that_closes_its_sending_side_gets_its_answer(self):
        _, _, host, port = self.serve()
        for _ in range(3):
            with socket.create_connection((host, port), timeout=30) as client:
                client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
                client.shutdown(socket.SHUT_WR)
                answer = b""
                while block := client.recv(65536):
                    answer += block
            head, _, body = answer.partition(b"\r\n\r\n")
            self.assertRegex(head, rb"^HTTP/1.[01] 200 ")
            parse(body.decode())

    def test_serves_by_http(self):
        name = self.create_filled(20)
        _, url, host, _ = self.serve()
        self.assertEqual(host, "127.0.0.1")
        for count in [20, 21]:
            with urllib.request.urlopen(url, timeout=30) as response:
                self.assertEqual(response.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
                samples = parse(response.read().decode())
            self.assertEqual(self.of(samples, name)["values_written_total"], count)
            self.expect(OK, "write", name, stdin="ts,px,sym\n1,1,A\n")

    def test_other_pages_and_methods_are_refused(self):
        _, url, host, port = self.serve()
        with urllib.request.urlopen(url.replace("/metrics", "/"), timeout=30) as response:
            self.assertIn(b"/metrics", response.read())
        for method, path in [("GET", "/nonsense"), ("GET", "/metrics/../../etc/passwd"), ("POST", "/metrics")]:
            connection = http.client.HTTPConnection(host, port, timeout=30)
            connection.request(method, path)
            self.assertEqual(connection.getresponse().status, 404, path)
            connection.close()

    def test_idle_and_broken_connections_do_not_keep_it_from_others(self):
        _, url, host, port = self.serve()
        idle = [socket.create_connection((host, port), timeout=30) for _ in range(4)]
        idle[0].sendall(b"\xff\x00nonsense\r\n\r\n")
        with urllib.request.urlopen(url, timeout=30) as response:
            self.assertEqual(response.status, 200)
        for connection in idle:
            connection.close()

    def test_listens_at_the_address_that_is_given(self):
        _, url, host, _ = self.serve("127.0.0.2:0")
        self.assertEqual(host, "127.0.0.2")
        urllib.request.urlopen(url, timeout=30).close()

    def test_signals_end_it_cleanly(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            server, url, _, _ = self.serve()
            urllib.request.urlopen(url, timeout=30).close()
            server.send_signal(number)
            _, err = server.communicate(timeout=30)
            self.assertEqual((server.returncode, err), (OK, ""))
            with self.assertRaises(urllib.error.URLError):
                urllib.request.urlopen(url, timeout=30)

    def test_a_port_that_is_taken_is_an_error(self):
        _, _, _, port = self.serve()
        self.expect(FAILED, "metrics", "--listen", port, says="Address already in use")


if __name__ == "__main__":
    unittest.main()
