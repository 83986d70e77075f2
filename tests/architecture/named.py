"""Finding a test by the name that a page or a table gives it."""

import ast
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@lru_cache
def _read(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text())


def missing(test: str) -> str:
    """What of `file::name` or `file::Class::name` is not there; nothing where all of it is."""
    file, *names = test.split("::")
    if not (ROOT / file).is_file():
        return file
    inside: ast.AST = _read(file)
    for name in names:
        found = [
            each
            for each in ast.iter_child_nodes(inside)
            if isinstance(each, ast.FunctionDef | ast.ClassDef) and each.name == name
        ]
        if not found:
            return name
        inside = found[0]
    return "" if names else "the name of a test"
