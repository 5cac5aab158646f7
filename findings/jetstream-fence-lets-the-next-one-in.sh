#!/usr/bin/env bash
# A publisher that fences each of several messages under way by JetStream's expected last sequence gets a gap, not a stop.
#
# Version:  Debian's nats-server 2.9.10-1+b3.
# Guess:    messages are published without waiting for answers, each with Nats-Expected-Last-Sequence one higher than the
#           one before. When somebody else's message comes in between, the server refuses the next of ours, and so all
#           behind it: a fence that has been wrong once stays wrong.
# Found:    it refuses one. The stranger's message has taken the number of the one that was refused, so that the fence
#           of the message behind that is right again, and it is stored: the stream has the first and the third, and not
#           the second.
# Matters:  the header is what one is told to use for "exactly once, in order", and asynchronous publishing is what makes
#           it fast. Together they lose a message out of the middle, and the ones behind it are acknowledged. Either one
#           message is under way at a time, or each says which one it follows, and readers pass over what does not.
#
# Output seen:
#   ours 1, expects 0: stored as 1
#   a stranger's: stored as 2
#   ours 2, expects 1: wrong last sequence: 2
#   ours 3, expects 2: stored as 3
set -euo pipefail

folder=$(mktemp -d)
server=
trap 'if [[ -n $server ]]; then kill "$server"; fi; rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get download -qq nats-server=2.9.10-1+b3 2>/dev/null
dpkg-deb --extract nats-server_*.deb .
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'listen: 127.0.0.1:%s\njetstream { store_dir: "%s/js" }\n' "$port" "$folder" >server.conf
./usr/sbin/nats-server -c server.conf 2>log &
server=$!

found=$(
  python3 - "$port" <<'PYTHON'
import json, socket, sys, time

for _ in range(200):
    try:
        connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        break
    except OSError:
        time.sleep(0.05)
stream = connection.makefile("rb")
connection.sendall(b'CONNECT {"verbose":false,"headers":true}\r\nSUB answers.* 1\r\n')


def answer():
    while not (line := stream.readline()).startswith(b"MSG"):
        pass
    return json.loads(stream.read(int(line.split()[-1]) + 2))


def publish(number, fence=None):
    if fence is None:
        connection.sendall(f"PUB numbers answers.{number} 1\r\n.\r\n".encode())
    else:
        head = f"NATS/1.0\r\nNats-Expected-Last-Sequence: {fence}\r\n\r\n"
        connection.sendall(f"HPUB numbers answers.{number} {len(head)} {len(head) + 1}\r\n{head}.\r\n".encode())


config = json.dumps({"name": "S", "subjects": ["numbers"], "storage": "file"})
connection.sendall(f"PUB $JS.API.STREAM.CREATE.S answers.0 {len(config)}\r\n{config}\r\n".encode())
answer()
publish(1, 0)
publish(9)
publish(2, 1)
publish(3, 2)
for what in ["ours 1, expects 0", "a stranger's", "ours 2, expects 1", "ours 3, expects 2"]:
    said = answer()
    print(f"{what}: " + (said["error"]["description"] if "error" in said else f"stored as {said['seq']}"))
PYTHON
)
expected="ours 1, expects 0: stored as 1
a stranger's: stored as 2
ours 2, expects 1: wrong last sequence: 2
ours 3, expects 2: stored as 3"
echo "$found"
if [[ "$found" != "$expected" ]]; then
  echo "this has changed: see what is expected in $0" >&2
  exit 1
fi
