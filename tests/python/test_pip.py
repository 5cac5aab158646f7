"""`pip install ./src/python` from a clone, without a network."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from conftest import LONG

import arena_shm

ROOT = pathlib.Path(__file__).parents[2]
SOURCE = ROOT / "src/python"


def newer_pip():
    """Some other pip of the path, 23.1 or later, that can install for another interpreter."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        pip = pathlib.Path(folder, "pip")
        if not os.access(pip, os.X_OK):
            continue
        told = subprocess.run([pip, "--version"], capture_output=True, text=True).stdout
        found = re.match(r"pip (\d+)\.(\d+)", told)
        if found and (int(found[1]), int(found[2])) >= (23, 1):
            return str(pip)
    return None


def pip(*arguments, program=(sys.executable, "-m", "pip"), from_scratch=False):
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")
    for name in ("PYTHONPATH", *(["ARENA_SHM_BUILD_DIR"] if from_scratch else [])):
        environment.pop(name, None)
    done = subprocess.run([*program, *arguments], capture_output=True, text=True, env=environment, timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr


def says(python, **more):
    """Where the package is, its version, and whether it works."""
    code = "import arena_shm, numpy; print(arena_shm.__file__, arena_shm.__version__, arena_shm.WaitSet().wait(0))"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | more
    return subprocess.run([python, "-c", code], capture_output=True, text=True, env=environment, cwd="/").stdout.split()


@pytest.fixture
def venv(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", tmp_path / "venv"], check=True
    )
    return str(tmp_path / "venv/bin/python")


def left_behind():
    return sorted(
        path.name for path in SOURCE.iterdir() if path.name in ("build", "dist") or path.suffix == ".egg-info"
    )


@pytest.mark.parametrize("which", ["Debian's", "a newer one"])
def test_into_a_virtual_environment(venv, tmp_path, which):
    newer = newer_pip()
    if which == "a newer one" and newer is None:
        pytest.skip("there is no other pip")
    program = (sys.executable, "-m", "pip") if which == "Debian's" else (newer,)
    pip("--python", venv, "install", "--no-index", str(SOURCE), program=program, from_scratch=LONG)
    file, version, ready = says(venv)
    assert file.startswith(str(tmp_path)) and version == arena_shm.__version__ and ready == "[]"
    assert {path.name for path in pathlib.Path(file).parent.iterdir()} >= {"py.typed", "__init__.pyi", "_core.pyi"}
    assert left_behind() == []


def test_into_a_folder(tmp_path):
    pip("install", "--no-index", "--break-system-packages", "--target", str(tmp_path / "there"), str(SOURCE))
    file, version, ready = says(sys.executable, PYTHONPATH=str(tmp_path / "there"))
    assert file.startswith(str(tmp_path / "there")) and version == arena_shm.__version__ and ready == "[]"
    assert left_behind() == []


def test_of_the_relative_path_of_the_documentation(venv, monkeypatch):
    monkeypatch.chdir(ROOT)
    pip("--python", venv, "install", "--no-index", "./src/python")
    assert says(venv)[1] == arena_shm.__version__


def test_what_the_install_rule_installs(tmp_path):
    build = os.environ.get("ARENA_SHM_BUILD_DIR")
    if not build or not shutil.which("cmake"):
        pytest.skip("no build of CMake's")
    subprocess.run(
        ["cmake", "--install", build, "--component", "python", "--prefix", tmp_path], check=True, capture_output=True
    )
    folder = tmp_path / "lib/python3/dist-packages"
    assert says(sys.executable, PYTHONPATH=str(folder))[0].startswith(str(folder))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.parent == folder / "arena_shm" for path in files)
