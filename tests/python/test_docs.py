"""What is written: the README's programs run, everything has a docstring, and the stubs have what there is."""

import ast
import inspect
import pathlib
import re

import pytest
from conftest import run

import arena_shm

ROOT = pathlib.Path(__file__).parents[2]
PACKAGE = ROOT / "src/python/arena_shm"


def renamed(code, name):
    """Rings of the text get a name that no other program uses."""
    return re.sub(r'"(ticks|trades)"', lambda found: f'"{name}.{found[1]}"', code)


def programs():
    readme = (ROOT / "src/python/README.md").read_text()
    yield "\n".join(re.findall(r"```python\n(.*?)```", readme, re.DOTALL))
    yield re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    docstring = arena_shm.__doc__
    block = docstring[docstring.index("    import arena_shm") : docstring.index("Any number of processes")]
    yield inspect.cleandoc("\n" + block).replace("timeout=1.0", "timeout=0.1")


@pytest.mark.parametrize("code", programs(), ids=["README", "top README", "docstring"])
def test_programs_of_the_documentation_run(name, code):
    folder = pathlib.Path("/dev/shm")
    code_and_text = run(renamed(code, name))
    assert code_and_text[0] == 0 and code_and_text[1]
    assert not [left for left in folder.iterdir() if left.name.startswith(name + ".")]


def test_everything_has_a_docstring():
    missing = []
    for name in arena_shm.__all__:
        one = getattr(arena_shm, name)
        if not inspect.getdoc(one):
            missing.append(name)
        if inspect.isclass(one) and not issubclass(one, Exception):
            missing += [
                f"{name}.{key}"
                for key, value in vars(one).items()
                if not key.startswith("_")
                and (callable(value) or isinstance(value, property))
                and not inspect.getdoc(value)
            ]
    assert missing == []


def stubs():
    """{name: what the stub of a class or function has}"""
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
    return {node.name: node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}


def members(node, all_of_them):
    names = set()
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in all_of_them:
            names |= members(all_of_them[base.id], all_of_them)
    for one in node.body:
        if isinstance(one, ast.AnnAssign):
            names.add(one.target.id)
        elif isinstance(one, ast.FunctionDef):
            names.add(one.name)
    return {name for name in names if not name.startswith("_")}


def test_stubs_have_what_there_is():
    found = stubs()
    errors = ast.parse((PACKAGE / "errors.pyi").read_text())
    classes = {node.name: [base.id for base in node.bases] for node in errors.body if isinstance(node, ast.ClassDef)}
    assert set(classes) | {name for name in found if not name.startswith("_")} == set(arena_shm.__all__)
    for name, bases in classes.items():
        assert [base.__name__ for base in getattr(arena_shm, name).__bases__] == bases, name
    for name, node in found.items():
        one = getattr(arena_shm, name, None)
        if not isinstance(node, ast.ClassDef) or name.startswith("_") or name == "Batch":
            continue
        is_tuple = issubclass(one, tuple)
        public = set(getattr(one, "_fields", ())) if is_tuple else set()
        public |= {key for key in dir(one) if not key.startswith("_") and not (is_tuple and hasattr(tuple, key))}
        told = members(node, found)
        hidden = {"name", "on_restart"} if name == "Follower" else set()  # of instances
        assert told - hidden == public | ({"count"} if name == "Gap" else set()), name


def test_signatures_are_those_of_the_stubs():
    for name, node in stubs().items():
        if not isinstance(node, ast.ClassDef) or name.startswith("_"):
            continue
        for function in node.body:
            one = inspect.getattr_static(getattr(arena_shm, name), getattr(function, "name", ""), None)
            if (
                not isinstance(function, ast.FunctionDef)
                or not inspect.isfunction(one)
                or function.name.startswith("__")
            ):
                continue
            wanted = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
            got = [key for key, value in inspect.signature(one).parameters.items() if value.kind != value.VAR_KEYWORD]
            assert wanted == got, f"{name}.{function.name}"
    assert (PACKAGE / "py.typed").exists()
