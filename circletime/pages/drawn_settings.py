"""The table of settings in docs/running.md: what the code reads, with the sentences of `config.described`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from config.described import GROUPS, Setting

NAME = re.compile(r"[A-Z][A-Z0-9_]*")
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
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            name, default = _constant(node.slice), ""
            reads = ast.unparse(node.value) == "os.environ"
        elif isinstance(node, ast.Call) and node.args:
            name, default = _constant(node.args[0]), _constant(node.args[1]) if len(node.args) > 1 else ""
            reads = _is_reader(node.func, path)
            if reads and not name and not _is_value(node.args[0], path):
                raise ValueError(f"{path.name}, line {node.lineno}: write the setting's name out.")
            if name and ast.unparse(node.func) == "env.secret":
                name, default = f"CIRCLETIME_{name}".upper(), ""
        else:
            continue
        if reads and NAME.fullmatch(name):
            yield name, default


def _is_reader(called: ast.expr, path: Path) -> bool:
    """Whether a function looks into the environment; those of `config.env` call each other without `env.`"""
    inside = path.name == "env.py" and isinstance(called, ast.Name)
    return inside or ast.unparse(called).startswith(("env.", "os.environ.get"))


def _is_value(node: ast.expr, path: Path) -> bool:
    """Whether what is handed over is a name within a reader itself, or was read before (in capitals)."""
    return path.name == "env.py" or (isinstance(node, ast.Name) and node.id.isupper())


def _constant(node: ast.expr) -> str:
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
