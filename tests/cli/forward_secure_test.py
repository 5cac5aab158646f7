"""forward and mirror with TLS and with credentials that are right, and with others."""

import shutil
import unittest

from arena_cli import OK
from mirroring import MirrorTest
from nats_keys import make_certificate, make_operator


class SecureTest(MirrorTest):
    def setUp(self):
        super().setUp()
        if shutil.which("openssl") is None:
            self.skipTest("needs openssl")
        self.origin_ring, self.copy = self.name("ring"), self.name("copy")
        self.expect(OK, "create", self.origin_ring, "--slots", 1000, "--fields", "u64 n")

    def expect_mirrored(self, url, *args):
        """From ring to ring, with these options."""
        self.expect(OK, "write", self.origin_ring, stdin="n\n" + "".join(f"{n}\n" for n in range(500)))
        forward = self.start("forward", self.origin_ring, "--to", url, *args)
        mirror = self.start("mirror", "--from", url, "--stream", self.origin_ring, self.copy, "--wait", *args)
        self.await_head(self.copy, 500)
        self.assertEqual(list(self.ring(self.copy)[0].values()), list(range(500)))
        return self.end(forward) + self.end(mirror)

    def test_by_tls(self):
        certificate, key = make_certificate(self.directory())
        server = self.server(config=f'tls {{ cert_file: "{certificate}"\nkey_file: "{key}"\n}}\n')
        self.expect_mirrored(f"tls://127.0.0.1:{server.port}", "--tls-ca", certificate)

    def test_by_tls_with_a_server_that_is_not_trusted(self):
        certificate, key = make_certificate(self.directory())
        server = self.server(config=f'tls {{ cert_file: "{certificate}"\nkey_file: "{key}"\n}}\n')
        another, _ = make_certificate(self.directory())
        for verb in (("forward", self.origin_ring, "--to"), ("mirror", "--stream", self.origin_ring, "--from")):
            url = f"tls://127.0.0.1:{server.port}"
            self.refuse(*verb, url, "--tls-ca", another, says="whose certificate can be trusted")
            self.refuse(*verb, url, says="whose certificate can be trusted")
            self.refuse(*verb, server.url, says="TLS")

    def test_with_credentials(self):
        config, creds = make_operator(self.directory())
        server = self.server(config=config)
        said = self.expect_mirrored(server.url, "--creds", creds)
        for line in creds.read_text().splitlines():
            if line and not line.startswith("-"):
                self.assertNotIn(line, said)

    def test_with_credentials_of_somebody_else(self):
        config, _ = make_operator(self.directory())
        _, others = make_operator(self.directory())
        server = self.server(config=config)
        for verb in (("forward", self.origin_ring, "--to"), ("mirror", "--stream", self.origin_ring, "--from")):
            self.refuse(*verb, server.url, "--creds", others, says="a user who may do that")
            self.refuse(*verb, server.url, says="a user who may do that")

    def refuse(self, *args, says):
        done = self.run_tool(*args)
        self.assertNotEqual(done.returncode, OK)
        self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main()
