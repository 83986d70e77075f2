"""Releases of the program, each in a folder of its own, and a link to the one that is installed."""

import shutil
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

from tests.harness import ROOT

COMMAND = """#!{python}
import sys
from circletime.pages.cli import main
sys.exit(main())
"""


def release(folder: Path, version: str, change: Callable[[Path], None] = lambda made: None) -> Path:
    """This program as the release `version`, with a `change`; answers its folder in `folder`."""
    made = folder / version
    for name in ("circletime", "config"):
        shutil.copytree(ROOT / name, made / name)
    shutil.copytree(ROOT / "room" / "dist", made / "room" / "dist")
    edit(made / "circletime" / "__init__.py", 'VERSION = "', f'VERSION = "{version}"  # "')
    change(made)
    # A Python of its own, as each installed release has, with the packages of this one.
    venv.create(made, symlinks=True)
    packages = Path(sysconfig.get_path("purelib"))
    own = sysconfig.get_path("purelib", vars={"base": str(made)})
    Path(own, "release.pth").write_text(f"{made}\n{packages}\n")
    command = made / "bin" / "circletime"
    command.write_text(COMMAND.format(python=made / "bin" / "python"))
    command.chmod(0o755)
    return made


def edit(path: Path, old: str, new: str) -> None:
    """Write `new` in place of `old`, which has to be there."""
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def install(made: Path) -> Path:
    """Have the link lead to this release, in one step; answers the command."""
    link, draft = made.parent / "current", made.parent / "draft"
    draft.symlink_to(made.name)
    draft.replace(link)
    return link / "bin" / "circletime"


def migration(made: Path, app: str, name: str, after: str, operations: str) -> None:
    """Add a migration to a release."""
    text = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
    text += f"    dependencies = [({app!r}, {after!r})]\n    operations = [{operations}]\n"
    (made / "circletime" / app / "migrations" / f"{name}.py").write_text(text)
