"""Builds the package with setuptools, for pip: CMake compiles the extension.

pip builds in an environment of its own, which is empty, and fills it from an index. Where the interpreter has
setuptools (Debian: python3-setuptools), that one is used, and no network is needed; else pip is asked for it.
"""

import importlib.util
import pathlib
import sys
import sysconfig

_WANTED = ("setuptools", "wheel")
for _folder in {
    sysconfig.get_path("purelib"),
    *map(str, pathlib.Path(sys.base_prefix).glob("lib/python3/dist-packages")),
}:
    if not all(map(importlib.util.find_spec, _WANTED)) and all(
        (pathlib.Path(_folder) / one).is_dir() for one in _WANTED
    ):
        sys.path.append(_folder)

if all(map(importlib.util.find_spec, _WANTED)):
    from setuptools.build_meta import *  # noqa: F403


def get_requires_for_build_wheel(config_settings=None):
    return [one for one in _WANTED if importlib.util.find_spec(one) is None]
