"""completion: the scripts, in the shells that they are for."""

import os
import pty
import re
import shutil
import subprocess
import unittest

from arena_cli import OK, SHM, TOOL, USAGE, CliTest

# What bash does when Tab is pressed: the words are set, the function is called, COMPREPLY is read.
DRIVER = """
source "$SCRIPT"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE=${LINE-$*}
function_of=$(complete -p arena-shm)
[[ $function_of =~ -F\\ ([^ ]+) ]] && "${BASH_REMATCH[1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""


class CompletionTest(CliTest):
    def script(self, shell):
        path = self.directory() / "script"
        path.write_text(self.expect(OK, "completion", shell).stdout)
        return path

    def environment(self, script):
        """With the tool in the path."""
        bin_directory = self.directory()
        (bin_directory / "arena-shm").symlink_to(TOOL)
        return os.environ | {"SCRIPT": str(script), "PATH": f"{bin_directory}:{os.environ['PATH']}", "LC_ALL": "C"}

    def bash(self, *words, cwd=None, line=None):
        """What is offered for the last word."""
        environment = self.environment(self.script("bash"))
        if line is not None:
            environment["LINE"] = f"arena-shm {line}"
        done = subprocess.run(
            ["bash", "--norc", "-c", DRIVER, "bash", "arena-shm", *words],
            env=environment,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_bash_completes_verbs(self):
        self.assertIn("tail", self.verbs())
        self.assertEqual(self.bash(""), [*self.verbs(), "--help", "--version"])
        self.assertEqual(self.bash("insp"), ["inspect"])
        self.assertEqual(self.bash("--v"), ["--version"])
        self.assertEqual(self.bash("nonsense"), [])

    def test_bash_completes_every_option_that_the_help_names(self):
        for verb in self.verbs():
            offered = self.bash(verb, "-")
            text = self.expect(OK, verb, "--help").stdout
            self.assertIn("--help", offered)
            options = [line for line in text.splitlines() if line.startswith("  -")]
            self.assertGreater(len(options), 0)
            for word in re.findall(r"--[a-z0-9-]+", " ".join(options)):
                self.assertIn(word, offered, verb)

    def test_bash_completes_choices(self):
        self.assertEqual(self.bash("tail", "x", "--format", ""), ["table", "ndjson", "json", "csv", "influx", "hex"])
        self.assertEqual(self.bash("tail", "x", "--format", "nd"), ["ndjson"])
        self.assertEqual(self.bash("tail", "x", "--format", "=", "nd", line="tail x --format=nd"), ["ndjson"])
        for verb in ["list", "seats", "consumers", "doctor", "gc"]:
            self.assertEqual(self.bash(verb, "--format", ""), ["table", "ndjson", "json", "csv"])
        for verb in ["inspect", "check"]:
            self.assertEqual(self.bash(verb, "--format", ""), ["table", "ndjson", "json"])
        self.assertEqual(self.bash("tail", "x", "--from", ""), ["oldest", "newest"])
        self.assertEqual(self.bash("completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.bash("create", "x", "--slots", ""), [])

    def test_bash_completes_names_of_arenas(self):
        name = self.create()
        for verb in ["tail", "inspect", "check", "rm", "gc", "seats", "consumers", "write"]:
            self.assertEqual(self.bash(verb, name[:-3]), [name], verb)
        self.assertIn(name, self.bash("tail", ""))
        self.assertEqual(self.bash("rm", "x", name[:-3]), [name])
        self.assertEqual(self.bash("create", name[:-3]), [])

    def create_called(self, ending):
        name = self.name(ending)
        self.expect(OK, "create", name, "--slots", 1, "--size", 8)
        return name

    def test_bash_completes_names_with_what_ends_a_word_to_it(self):
        for name, left in [(self.create_called("a:b::c$d"), r"c\$d"), (self.create_called("p=q@r"), "r")]:
            pieces = re.findall("[:=@]+|[^:=@]+", name)
            with self.subTest(name=name):
                self.assertEqual(self.bash("tail", *pieces[:-1], line="tail " + "".join(pieces[:-1])), [left])
                half = [*pieces[:-1], left[0]]
                self.assertEqual(self.bash("rm", "x", *half, line="rm x " + "".join(half)), [left])
                self.assertEqual(self.bash("tail", pieces[0], line="tail " + pieces[0]), [name.replace("$", r"\$")])
        self.assertIn(name, self.bash("tail", "a", ":", "", line="tail a: "))

    def test_a_name_with_a_colon_is_completed_by_the_key(self):
        name = self.create_called("a:b")
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        environment = self.environment(self.script("bash")) | {"TERM": "dumb", "PS1": "$ ", "HOME": str(self.directory())}
        shell = subprocess.Popen(["bash", "--norc", "-i"], stdin=follower, stdout=follower, stderr=follower,
                                 env=environment, start_new_session=True)
        os.close(follower)
        self.addCleanup(shell.wait)
        self.addCleanup(shell.kill)
        os.write(leader, f'source "$SCRIPT"; arena-shm list --names >/dev/null; echo rea""dy\n'.encode())
        seen = b""
        while b"ready\r" not in seen:
            seen += os.read(leader, 4096)
        os.write(leader, f"echo arena-shm\narena-shm tail {name[:-1]}\t -n 0 && echo do\"\"ne\n".encode())
        while b"done\r" not in seen and b"found no" not in seen:
            seen += os.read(leader, 4096)
        self.assertIn(f"tail {name} ".encode(), seen)

    def test_bash_completes_files(self):
        directory = self.directory()
        (directory / "saved.img").touch()
        self.assertEqual(self.bash("inspect", "--file", "sa", cwd=directory), ["saved.img"])

    def test_a_hostile_name_is_never_run(self):
        harmless = self.create()
        hostile = self.name("$(touch${IFS}run)`touch${IFS}run`")
        shutil.copy(SHM / harmless, SHM / hostile)
        directory = self.directory()
        (offered,) = self.bash("tail", hostile[:-30], cwd=directory)
        self.assertIn(hostile, self.expect(OK, "list", "--names").stdout.splitlines())
        done = subprocess.run(["bash", "-c", f"printf %s {offered}"], stdout=subprocess.PIPE, cwd=directory, check=True)
        self.assertEqual(done.stdout.decode(), hostile)
        self.assertEqual(list(directory.iterdir()), [])

    def test_zsh_accepts_the_script(self):
        zsh = shutil.which("zsh")
        if zsh is None:
            self.skipTest("zsh is not installed")
        name = self.create()
        # The builtins that a completion ends in are replaced by ones that print.
        driver = """
            compdef() { print defined $* }
            _describe() { print -l -- ${(P)2} }
            _arguments() { print -l -- "$@" }
            source $SCRIPT
            words=(arena-shm ''); CURRENT=2; _arena_shm
            words=(arena-shm tail ''); CURRENT=3; _arena_shm
            compadd() { print -l -- ${(P)2} }; _arena_shm_arenas
        """
        done = subprocess.run(
            [zsh, "-f", "-c", driver],
            env=self.environment(self.script("zsh")),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "defined _arena_shm arena-shm")
        self.assertIn("rm:Remove arenas", lines)
        self.assertIn("*:NAME:_arena_shm_arenas", lines)
        choices = "influx or hex]:FORMAT:(table ndjson json csv influx hex)"
        self.assertTrue(any(line.endswith(choices) for line in lines))
        self.assertIn(name, lines)

    def test_fish_completes(self):
        fish = shutil.which("fish")
        if fish is None:
            self.skipTest("fish is not installed")
        name, colon = self.create(), self.create_called("a:b")
        script = self.script("fish")
        for line, expected in [
            ("arena-shm insp", "inspect"),
            ("arena-shm tail --format nd", "ndjson"),
            (f"arena-shm tail {name[:-3]}", name),
            ("arena-shm tail --follow-", "--follow-name"),
            (f"arena-shm tail {colon[:-1]}", colon),
        ]:
            done = subprocess.run(
                [fish, "--no-config", "-c", 'source $SCRIPT; complete -C "$argv[1]"', line],
                env=self.environment(script) | {"HOME": str(self.directory())},
                stdout=subprocess.PIPE,
                text=True,
                timeout=60,
            )
            self.assertEqual([offer.split("\t")[0] for offer in done.stdout.splitlines()], [expected])

    def test_other_shells_are_refused(self):
        self.expect(USAGE, "completion", "csh", says="csh")

    def test_names_are_one_a_line(self):
        name = self.create()
        self.assertIn(name, self.expect(OK, "list", "--names").stdout.splitlines())
        self.assertNotIn("--names", self.expect(OK, "list", "--help").stdout)


if __name__ == "__main__":
    unittest.main()
