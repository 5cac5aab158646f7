"""A NATS server of a test's own, on a loopback port that nobody else has; and a client of a few lines."""

import base64
import contextlib
import json
import pathlib
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import time

PROGRAM = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """Ended with the test."""

    def __init__(self, test, jetstream=True, config="", port=None, store="", inside=()):
        """`store`: what else is in JetStream's part of the configuration; `inside`: a command that runs the server."""
        if PROGRAM is None:
            test.skipTest("nats-server is not installed: tools/setup test")
        self.port = port or free_port()
        self.directory = pathlib.Path(test.directory())
        self.config = self.directory / "server.conf"
        self.inside = inside
        part = f'jetstream {{ store_dir: "{self.directory}/js"\n{store}\n}}\n' if jetstream else ""
        self.config.write_text(f"listen: 127.0.0.1:{self.port}\n{part}{config}")
        self.process = None
        test.addCleanup(self.kill)
        self.start()

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen([*self.inside, PROGRAM, "-c", self.config], stdout=log, stderr=log)
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
                if b"INFO" in probe.recv(4096):
                    return
            time.sleep(0.05)
        raise TimeoutError((self.directory / "log").read_text())

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.send_signal(signal.SIGCONT)
            self.process.wait()
            self.process = None

    def restart(self):
        self.kill()
        self.start()

    def client(self, **kwargs):
        return Client(self.port, **kwargs)


class Client:
    """One request at a time."""

    def __init__(self, port, timeout=30, **connect):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.stream = self.socket.makefile("rb")
        self.stream.readline()  # INFO
        wish = {"verbose": False, "headers": True, "no_responders": True, "lang": "python", "version": "0", **connect}
        self.inbox = f"_INBOX.{secrets.token_hex(8)}"
        self.socket.sendall(f"CONNECT {json.dumps(wish)}\r\nSUB {self.inbox} 1\r\nPING\r\n".encode())
        while (line := self.stream.readline().strip()) != b"PONG":
            if not line or line.startswith(b"-ERR"):
                raise ConnectionError(line)

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def request(self, subject, payload=b"", headers=b""):
        if isinstance(payload, dict):
            payload = json.dumps(payload).encode()
        if headers:
            head = b"NATS/1.0\r\n" + headers + b"\r\n"
            line = f"HPUB {subject} {self.inbox} {len(head)} {len(head) + len(payload)}\r\n".encode() + head
        else:
            line = f"PUB {subject} {self.inbox} {len(payload)}\r\n".encode()
        self.socket.sendall(line + payload + b"\r\n")
        while True:
            words = self.stream.readline().split()
            if words[:1] == [b"PING"]:
                self.socket.sendall(b"PONG\r\n")
            elif words[:1] in ([b"MSG"], [b"HMSG"]):
                data = self.stream.read(int(words[-1]) + 2)[:-2]
                return data[int(words[-2]):] if words[0] == b"HMSG" else data
            elif not words or words[0] == b"-ERR":
                raise ConnectionError(words)

    def api(self, what, payload=b""):
        return json.loads(self.request(f"$JS.API.{what}", payload))

    def state(self, stream):
        return self.api(f"STREAM.INFO.{stream}").get("state")

    def get(self, stream, seq):
        """A message, or None if it is not there."""
        answer = self.api(f"STREAM.MSG.GET.{stream}", {"seq": seq}).get("message")
        return answer and Message(answer)

    def messages(self, stream):
        state = self.state(stream)
        found = (self.get(stream, seq) for seq in range(state["first_seq"], state["last_seq"] + 1))
        return [message for message in found if message is not None]


class Message:
    def __init__(self, answer):
        self.seq = answer["seq"]
        self.subject = answer["subject"]
        self.head = base64.b64decode(answer.get("hdrs", ""))
        self.data = base64.b64decode(answer.get("data", ""))
        lines = self.head.decode().split("\r\n")[1:]
        self.pairs = [tuple(line.split(": ", 1)) for line in lines if line]
        self.headers = dict(self.pairs)

    def __getitem__(self, name):
        value = self.headers.get("Arena-Shm-" + name)
        return int(value) if value is not None and value.isdigit() and name not in ("Run", "Epoch", "Schema") else value

    @property
    def is_ours(self):
        return self["Kind"] is not None


def numbers(data):
    return list(struct.unpack(f"<{len(data) // 8}Q", data))


def valid(messages):
    """Those that count, by the rule of src/bridge/README.md."""
    before, out = None, []
    for message in messages:
        if not message.is_ours or message["Number"] is None:
            continue
        link = message["Run"], message["Number"]
        if link[1] == 0 or before in (None, (link[0], link[1] - 1)):
            out.append(message)
            before = link
        # What is void leaves the one before as it is: nothing follows it either.
    return out


class Account:
    """What a stream says of one epoch: each number once, as a value or as a loss. Lanes: 1."""

    def __init__(self, test, messages, epoch=None):
        self.values, self.lost, self.schemas, self.position, self.left_out = {}, {}, [], 0, 0
        for message in valid(messages):
            if epoch is not None and message["Epoch"] != epoch:
                continue
            count, size = message["Count"], message["Record"]
            tail = numbers(message.data[len(message.data) - 8 * message["Positions"]:])
            if message["Kind"] == "schema":
                self.schemas.append(json.loads(message.data[:count]))
            elif message["Kind"] == "values":
                body = count * size + (8 * count if message["Times"] else 0)
                seqs = numbers(message.data[body:body + 8 * count]) if message["Seqs"] else \
                    list(range(message["First"], message["First"] + count))
                for i, seq in enumerate(seqs):
                    test.assertGreaterEqual(seq, self.position, "a value twice, or out of order")
                    test.assertNotIn(seq, self.values)
                    self.values[seq] = message.data[i * size:(i + 1) * size]
            else:
                for i in range(count):
                    first, last, cause = numbers(message.data[24 * i:24 * i + 24])
                    test.assertGreaterEqual(first, self.position)
                    for seq in range(first, last + 1):
                        test.assertNotIn(seq, self.lost)
                        self.lost[seq] = cause
            self.position = tail[0] if tail else 0
            self.left_out = message["Left-Out"]
            test.assertEqual(message["Values"], len(self.values))
            test.assertEqual(message["Overwritten"] + message["Holes"] + message["Passed-Over"], len(self.lost))
            test.assertEqual(self.position, len(self.values) + len(self.lost) + self.left_out)
