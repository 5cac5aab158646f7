"""What metrics prints and serves, read back."""

import re
import struct
import urllib.request

from arena_cli import OF_ALL, SHM, CliTest

PREFIX = "arena_shm_"
TEXT = r'"((?:[^"\\\n]|\\[\\"n])*)"'
LABEL = re.compile(f"([a-zA-Z_][a-zA-Z0-9_]*)={TEXT}")
SAMPLE = re.compile(rf"([a-z_]+)\{{((?:[a-zA-Z_][a-zA-Z0-9_]*={TEXT},?)+)\}} (\d+(?:\.\d+)?)")
ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def parse(text):
    """Samples by name and labels. Stricter than the format: HELP, TYPE, then all the samples of the metric."""
    if not text.endswith("\n"):
        raise ValueError("no line end at the end")
    samples, types, helped = {}, {}, []
    for line in text[:-1].split("\n"):
        if match := re.fullmatch(r"# HELP ([a-z_]+) (\S[^\\]*)", line):
            if match[1] in helped:
                raise ValueError(f"twice: {line}")
            helped.append(match[1])
        elif match := re.fullmatch(r"# TYPE ([a-z_]+) (counter|gauge)", line):
            if helped[-1:] != [match[1]] or match[1] in types:
                raise ValueError(f"not after its HELP: {line}")
            types[match[1]] = match[2]
        elif match := SAMPLE.fullmatch(line):
            if list(types)[-1:] != [match[1]]:
                raise ValueError(f"not after its TYPE: {line}")
            pairs = [(key, re.sub(r"\\.", lambda e: ESCAPED[e[0]], value)) for key, value in LABEL.findall(match[2])]
            labels = frozenset(pairs)
            if len(dict(pairs)) != len(pairs) or (match[1], labels) in samples:
                raise ValueError(f"twice: {line}")
            samples[match[1], labels] = float(match[4]) if "." in match[4] else int(match[4])
        else:
            raise ValueError(f"what is this: {line}")
    if helped != list(types):
        raise ValueError("a HELP without a TYPE")
    for name, kind in types.items():
        if (kind == "counter") != name.endswith("_total"):
            raise ValueError(f"a {kind} of the name {name}")
    return samples


def samples_of(process):
    """What a verb that was started with --listen serves, by a function: as parse() gives it."""
    url = ""
    while "listening at" not in url:
        url = process.stderr.readline()

    def look():
        with urllib.request.urlopen(url.split()[-1], timeout=30) as response:
            return parse(response.read().decode())

    return look


def served_by(process, prefix):
    """The same of one arena: its samples by name, and by cause if they have one."""
    samples = samples_of(process)

    def look():
        return {" ".join([name.removeprefix(PREFIX + prefix), *(v for k, v in labels if k == "cause")]): value
                for (name, labels), value in samples().items()}

    return look


class MetricsCase(CliTest):
    def page(self, code, *args, says="", **kwargs):
        """What metrics prints. Read as bytes: a \\r in a type of somebody's arena stays one."""
        done = self.expect(code, "metrics", *args, stdin=b"", says=says.encode(), **kwargs)
        return done.stdout.decode()

    def scrape(self):
        return parse(self.page(OF_ALL))

    def of(self, samples, arena):
        """Those of one arena, by name and the other labels' values."""
        return {
            " ".join([name.removeprefix(PREFIX), *sorted(v for k, v in labels if k != "arena")]): value
            for (name, labels), value in samples.items()
            if ("arena", arena) in labels
        }

    def serve(self, listen="0", *args, **kwargs):
        """A running server, and where."""
        server = self.start("metrics", "--listen", listen, *args, **kwargs)
        line = server.stderr.readline()
        match = re.fullmatch(r"arena-shm: listening at (http://(.+):(\d+)/metrics)\n", line)
        self.assertIsNotNone(match, line)
        return server, match[1], match[2], int(match[3])

    def poke(self, name, offset, data):
        with open(SHM / name, "r+b") as segment:
            segment.seek(offset)
            segment.write(data)

    def region(self, name, offset):
        return struct.unpack_from("<Q", (SHM / name).read_bytes(), offset)[0]

    def skipped(self, samples):
        return {
            dict(labels)["reason"]: value for (name, labels), value in samples.items() if name == PREFIX + "skipped"
        }
