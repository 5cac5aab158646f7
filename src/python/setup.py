"""Used by build_backend.py. The project's CMake files know how the extension is compiled, and which version this is."""

import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = re.search('_VERSION_STRING "(.*)"', (ROOT / "include/arena_shm/version.h").read_text())[1]


class CMakeBuild(build_ext):
    """Builds the one extension, with all of the library in it."""

    def build_extension(self, ext):
        target = pathlib.Path(self.get_ext_fullpath(ext.name)).resolve()
        with tempfile.TemporaryDirectory() as scratch_folder:
            folder = os.environ.get("ARENA_SHM_BUILD_DIR")  # which CMake has made from this very clone
            if folder is None:
                folder = scratch_folder
                parts = [f"-DARENA_SHM_BUILD_{part}=OFF" for part in ("TOOL", "TESTS", "EXAMPLES", "BENCH")]
                subprocess.check_call(
                    [
                        "cmake",
                        "-S",
                        str(ROOT),
                        "-B",
                        folder,
                        "-DCMAKE_BUILD_TYPE=Release",
                        *parts,
                        "-DARENA_SHM_BUILD_PYTHON=ON",
                        "-DARENA_SHM_INSTALL=OFF",
                        f"-DPython_EXECUTABLE={sys.executable}",
                        "-DCMAKE_UNITY_BUILD=ON",
                        "-DCMAKE_UNITY_BUILD_BATCH_SIZE=0",
                    ]
                )
            subprocess.check_call(
                ["cmake", "--build", folder, "--parallel", str(os.cpu_count()), "--target", "arena_shm_python"]
            )
            (made,) = pathlib.Path(folder).glob("python/arena_shm/_core.*.so")
            target.parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(str(made), str(target))


def needs_numpy():
    """pip --target asks an index also for what the interpreter has: so only what it has not is asked for."""
    folders = [
        sysconfig.get_path("purelib"),
        *sys.path,
        *pathlib.Path(sys.base_prefix).glob("lib/python3/dist-packages"),
    ]
    return not any((pathlib.Path(folder) / "numpy").is_dir() for folder in folders)


def scratch():
    """Nothing is left in the clone."""
    folder = tempfile.mkdtemp(prefix="arena-shm-")
    import atexit
    import shutil

    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


SCRATCH = scratch()
setup(
    name="arena-shm",
    version=VERSION,
    description="A ring of records in shared memory, for the processes of one host, as numpy arrays",
    long_description=(ROOT / "src/python/README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    packages=["arena_shm"],
    package_data={"arena_shm": ["py.typed", "*.pyi"]},
    ext_modules=[Extension("arena_shm._core", [])],
    cmdclass={"build_ext": CMakeBuild},
    options={"egg_info": {"egg_base": SCRATCH}, "build": {"build_base": SCRATCH}},
    python_requires=">=3.9",
    install_requires=["numpy>=1.20,<3"] if needs_numpy() else [],
    zip_safe=False,
)
