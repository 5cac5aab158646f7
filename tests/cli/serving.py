"""A server of the live page, and its WebSocket, spoken by hand: what a browser would do, and what none does."""

import base64
import http.client
import json
import os
import re
import socket
import struct
import time

from arena_cli import OK, CliTest

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class PageSocket:
    """The WebSocket of one page (RFC 6455), with its messages as objects."""

    def __init__(self, host, port, headers=(), receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect((host, port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET /live HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def send_frame(self, kind, data):
        mask = os.urandom(4)
        size = len(data)
        head = bytes([0x80 | kind])
        head += bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size)
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def send(self, **message):
        self.send_frame(TEXT, json.dumps(message).encode())

    def receive_frame(self):
        head = self.file.read(2)
        if len(head) < 2:
            return CLOSE, b""
        size = head[1] & 0x7F
        if size == 126:
            size, = struct.unpack(">H", self.file.read(2))
        elif size == 127:
            size, = struct.unpack(">Q", self.file.read(8))
        return head[0] & 0x0F, self.file.read(size)

    def receive(self):
        """The next message as its text; pings are answered. None: closed."""
        while True:
            kind, data = self.receive_frame()
            if kind == PING:
                self.send_frame(PONG, data)
            elif kind == CLOSE:
                return None
            elif kind == TEXT:
                return data.decode()

    def next(self):
        """The next message as an object; the one after it is asked for."""
        text = self.receive()
        if text is None:
            raise EOFError("the server closed the connection")
        self.send(op="next")
        return json.loads(text)

    def until(self, found, seconds=20):
        """Takes messages until found(message) is true of one; returns what it was."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if result := found(self.next()):
                return result
        raise AssertionError("waited in vain")

    def close(self):
        self.file.close()
        self.socket.close()


class Picture:
    """What a page would have drawn of its ring, from the messages so far."""

    def __init__(self):
        self.schema, self.columns, self.rows, self.marks = None, {}, [], []
        self.message = self.counts = self.trouble = self.problem = None
        self.generations = []

    def take(self, message):
        watch = message.get("watch", {})
        if schema := watch.get("schema"):
            self.schema, self.columns = schema, {}
            self.generations.append(schema["generation"])
        if columns := watch.get("columns"):
            if columns["reset"]:
                self.columns = {}
            self.message = columns
            for i, at in enumerate(columns["at"]):
                self.columns[at] = {"n": columns["n"][i], "seq": columns["seq"][i],
                                    "least": [list_[i] for list_ in columns["least"]],
                                    "greatest": [list_[i] for list_ in columns["greatest"]],
                                    "odd": [list_[i] for list_ in columns["odd"]], "lost": [0, 0, 0]}
            for i, *lost in columns["lost"]:
                self.columns[columns["at"][i]]["lost"] = lost
        self.rows = watch.get("rows", self.rows)
        self.marks += watch.get("marks", [])
        self.counts = watch.get("counts", self.counts)
        self.trouble = watch.get("trouble", self.trouble)
        self.problem = watch.get("problem", self.problem)

    @property
    def count(self):
        return sum(column["n"] for column in self.columns.values())


class ServeCase(CliTest):
    def serve(self, *args, **kwargs):
        """A running server, and where."""
        server = self.start("serve", "--listen", "0", *args, **kwargs)
        lines = []
        while True:  # behind what it may have to say of rings of this host
            lines.append(server.stderr.readline())
            self.assertTrue(lines[-1], lines)
            if match := re.fullmatch(r"arena-shm: the page is at http://(.+):(\d+)/\n", lines[-1]):
                break
        return server, match[1], int(match[2])

    def page(self, host, port, **kwargs):
        page = PageSocket(host, port, **kwargs)
        self.addCleanup(page.close)
        return page

    def watch(self, name, *args, fields=("px",), **wish):
        """A page of a server of its own that watches this ring."""
        _, host, port = self.serve(*args)
        page = self.page(host, port)
        page.send(op="watch", ring=name, fields=list(fields), **wish)
        return page

    def write(self, name, heading, *rows):
        self.expect(OK, "write", name, stdin="\n".join([heading, *rows, ""]))

    def ask(self, host, port, method="GET", path="/", headers=None, body=None):
        """Status, headers, and body."""
        connection = http.client.HTTPConnection(host, port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def picture_until(self, page, found, seconds=20):
        picture = Picture()

        def look(message):
            picture.take(message)
            return found(picture)

        page.until(look, seconds)
        return picture
