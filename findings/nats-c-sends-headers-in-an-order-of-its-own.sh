#!/usr/bin/env bash
# nats.c sends a message's headers in another order than they were set in.
#
# Version:  Debian's libnats 3.4.1-1+b1, and nats-server 2.9.10-1+b3.
# Guess:    headers go over the network in the order in which natsMsgHeader_Set and natsMsgHeader_Add were called, as in
#           the clients for Go and Python, or by name.
# Found:    they go in the order of the buckets of a hash table: neither that, nor by name. It is the same each time, and
#           one more header can move the others.
# Matters:  a server or reader that takes the first of several texts that look alike, or wants one header before all
#           others, gets whichever hashes lower; that a program sets it first says nothing. Such a header has to be the
#           only one, or all have to be written as one block.
#
# Output seen:
#   set:  Nats-Expected-Last-Sequence Epoch Kind Count Number
#   sent: Epoch Number Kind Nats-Expected-Last-Sequence Count
set -euo pipefail

folder=$(mktemp -d)
server=
trap 'if [[ -n $server ]]; then kill "$server"; fi; rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
apt-get download -qq nats-server=2.9.10-1+b3 libnats-dev=3.4.1-1+b1 libnats3.4=3.4.1-1+b1 2>/dev/null
for package in *.deb; do dpkg-deb --extract "$package" .; done
libraries=$(dirname "$(find . -name 'libnats.so.*' | head -1)")
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'listen: 127.0.0.1:%s\n' "$port" >server.conf
./usr/sbin/nats-server -c server.conf 2>log &
server=$!

cat >publish.c <<'C'
#include <nats/nats.h>
#include <stdio.h>

int main(int argc, char** argv) {
  natsConnection* connection = NULL;
  natsMsg* message = NULL;
  if (natsConnection_ConnectTo(&connection, argv[1]) != NATS_OK || natsMsg_Create(&message, "s", NULL, ".", 1) != NATS_OK)
    return 1;
  for (int i = 2; i < argc; ++i) natsMsgHeader_Set(message, argv[i], "x");
  return natsConnection_PublishMsg(connection, message) != NATS_OK || natsConnection_Flush(connection) != NATS_OK;
}
C
if ! gcc -Iusr/include publish.c "$libraries"/libnats.so.* -Wl,-rpath,"$PWD/$libraries" -o publish 2>errors; then
  echo "libnats needs libraries that are not here: apt-get install libnats-dev" >&2
  cat errors >&2
  exit 2
fi

set_order="Nats-Expected-Last-Sequence Epoch Kind Count Number"
found=$(
  python3 - "$port" "$set_order" <<'PYTHON'
import socket, subprocess, sys, time

for _ in range(200):
    try:
        connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        break
    except OSError:
        time.sleep(0.05)
stream = connection.makefile("rb")
connection.sendall(b'CONNECT {"verbose":false,"headers":true}\r\nSUB s 1\r\nPING\r\n')
while not stream.readline().startswith(b"PONG"):
    pass
names = sys.argv[2].split()
subprocess.run(["./publish", f"nats://127.0.0.1:{sys.argv[1]}", *names], check=True)
while not (line := stream.readline()).startswith(b"HMSG"):
    pass
head = stream.read(int(line.split()[-2])).decode()
print("set: ", *names)
print("sent:", *[line.split(":")[0] for line in head.split("\r\n")[1:] if line])
PYTHON
)
expected='set:  Nats-Expected-Last-Sequence Epoch Kind Count Number
sent: Epoch Number Kind Nats-Expected-Last-Sequence Count'
echo "$found"
if [[ "$found" != "$expected" ]]; then
  echo "this has changed: see what is expected in $0" >&2
  exit 1
fi
