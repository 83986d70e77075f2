"""The table of settings in docs/running.md: what the code reads, with the sentences of `config.described`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from config.described import GROUPS, Setting

NAME = re.compile(r"[A-Z][A-Z0-9_]*")
OURS = re.compile(r"CIRCLETIME_[A-Z0-9_]+")
BEGIN, END = "<!-- settings: drawn by `make docs` -->", "<!-- settings end -->"


def read_settings(root: Path) -> dict[str, str]:
    """The variables that the program's sources read, each with its default as plain text.

    The default is empty where it is none, or is worked out. Raises `ValueError` for a reader of `config.env`
    that is called without the name written out, since nobody could find that setting.
    """
    found: dict[str, str] = {}
    for path in [*sorted((root / "config").glob("*.py")), *sorted((root / "circletime").rglob("*.py"))]:
        for name, default in _in(path):
            found[name] = found.get(name) or default
    return found


def _in(path: Path) -> Iterator[tuple[str, str]]:
    inside = path.name == "env.py"  # the readers: there each name that is written out is read
    tree = ast.parse(path.read_text())
    begun = {node.args[0] for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_pair(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            yield from _called(node, path, inside=inside)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            if ast.unparse(node.value) == "os.environ" and _constant(node.slice):
                yield _constant(node.slice), ""
        elif inside and node not in begun and OURS.fullmatch(_constant(node)):
            yield _constant(node), ""


def _called(node: ast.Call, path: Path, *, inside: bool) -> Iterator[tuple[str, str]]:
    called, first = ast.unparse(node.func), node.args[0]
    name, default = _constant(first), _constant(node.args[1]) if len(node.args) > 1 else ""
    if inside and _is_pair(node):
        yield from ((f"{name}_{part}", "") for part in ("ID", "SECRET"))
    elif called == "env.secret":
        yield f"CIRCLETIME_{name}".upper(), ""
    elif called.startswith(("env.", "os.environ.get")) or (inside and OURS.fullmatch(name)):
        if not inside and not name and not (isinstance(first, ast.Name) and first.id.isupper()):
            # What has a name in capitals was read before.
            raise ValueError(f"{path.name}, line {node.lineno}: write the setting's name out.")
        if NAME.fullmatch(name):
            yield name, default


def _is_pair(node: ast.Call) -> bool:
    """Whether it reads two variables, a name and a password, whose names begin with what it is given."""
    return isinstance(node.func, ast.Name) and node.func.id == "_pair"


def _constant(node: ast.AST) -> str:
    value = node.value if isinstance(node, ast.Constant) else ""
    return ("yes" if value else "no") if isinstance(value, bool) else f"{value!s}"


def draw(page: str, root: Path) -> str:
    """The page with its table as it is now. Raises `ValueError` where a setting has no sentence."""
    head, begun, rest = page.partition(BEGIN)
    tail = rest.partition(END)[2]
    if not begun or not tail:
        raise ValueError(f"The page has no place for the table: {BEGIN} and {END}.")
    return f"{head}{BEGIN}\n{table(root)}{END}{tail}"


def table(root: Path) -> str:
    """A table for each group, each setting with its default and its sentence."""
    read = read_settings(root)
    lines: list[str] = []
    for title, group in GROUPS.items():
        lines += ["", f"### {title}", "", "| setting | without it | what it is |", "|---|---|---|"]
        lines += [f"| `{one.name}` | {_default(one, read)} | {one.says} |" for one in group]
    return "\n".join([*lines, "", ""])


def _default(setting: Setting, read: dict[str, str]) -> str:
    value = read.get(setting.name, "")
    return setting.default or (f"`{value}`" if value else "")
