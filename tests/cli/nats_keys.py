"""Who may use a NATS server: certificates, and the signed texts by which operators let accounts, and accounts users, in.
The keys are made by openssl; how they are spelt is that of the server's documents (nkeys, JWT)."""

import base64
import json
import pathlib
import subprocess
import time

TYPES = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
SEED = 18 << 3


def openssl(*args, data=None):
    return subprocess.run(["openssl", *map(str, args)], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True).stdout


def make_certificate(directory):
    """Returns: the paths of a certificate of 127.0.0.1, which is its own authority, and of its key."""
    certificate, key = pathlib.Path(directory) / "cert.pem", pathlib.Path(directory) / "key.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=a server of a test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
            "-out", certificate)
    return certificate, key


def check_sum(data):
    """CRC-16 of XMODEM."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc.to_bytes(2, "little")


def spelt(data):
    return base64.b32encode(data + check_sum(data)).decode().rstrip("=")


def url_text(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    def __init__(self, directory, kind, name):
        self.path = pathlib.Path(directory) / f"{name}.pem"
        self.kind, self.name = kind, name
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)
        kind_bits = TYPES[kind]
        self.public = spelt(bytes([kind_bits]) + openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:])
        self.seed = spelt(bytes([SEED | kind_bits >> 5, (kind_bits & 31) << 3]) +
                          openssl("pkey", "-in", self.path, "-outform", "DER")[-32:])

    def sign(self, data):
        text = self.path.with_suffix(".text")
        text.write_bytes(data)
        return openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", text)

    def vouch_for(self, other, **claims):
        """A signed text that says so."""
        head = url_text(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
        body = url_text(json.dumps({"jti": "of-a-test", "iat": int(time.time()), "iss": self.public,
                                    "sub": other.public, "name": other.name,
                                    "nats": {"type": other.kind, "version": 2, **claims}}).encode())
        return f"{head}.{body}.{url_text(self.sign(f'{head}.{body}'.encode()))}"


NO_LIMITS = {"subs": -1, "data": -1, "payload": -1}
CONNECTIONS = {"imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
ACCOUNT_LIMITS = {**NO_LIMITS, **CONNECTIONS, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}


def make_operator(directory):
    """Returns: what the server's configuration says of its operator and one account; and a file of a user's
    credentials."""
    operator, account, user = (Key(directory, kind, kind) for kind in ("operator", "account", "user"))
    system = Key(directory, "account", "system")
    accounts = "\n".join(f'{one.public}: "{operator.vouch_for(one, limits=limits)}"'
                         for one, limits in ((account, ACCOUNT_LIMITS), (system, NO_LIMITS | CONNECTIONS)))
    config = f'operator: "{operator.vouch_for(operator)}"\nresolver: MEMORY\nsystem_account: {system.public}\n' \
             f'resolver_preload {{\n{accounts}\n}}\n'
    creds = pathlib.Path(directory) / "user.creds"
    creds.write_text("-----BEGIN NATS USER JWT-----\n"
                     f"{account.vouch_for(user, **NO_LIMITS)}\n"
                     "------END NATS USER JWT------\n\n"
                     "-----BEGIN USER NKEY SEED-----\n"
                     f"{user.seed}\n"
                     "------END USER NKEY SEED------\n")
    return config, creds
