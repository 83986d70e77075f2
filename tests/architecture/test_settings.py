"""docs/running.md has every setting, and no page or sentence names one that is none."""

import re
from functools import cache
from pathlib import Path

import pytest

from circletime.pages.drawn_settings import BEGIN, END, draw, read_settings
from config.described import BESIDE, GROUPS, names

ROOT = Path(__file__).resolve().parents[2]
WORD = re.compile(r"\bCIRCLETIME_[A-Z0-9_]*[A-Z0-9]\b")
FOR_TESTS = {"CIRCLETIME_PICTURES"}
"""Read by the tests alone, and spoken of in docs/pictures.md."""

TEXTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "config").glob("*.py")),
    *(path for kind in ("py", "html", "js") for path in sorted((ROOT / "circletime").rglob(f"*.{kind}"))),
]


@cache
def read() -> dict[str, str]:
    """What the program reads; every source is parsed, so not in each lane that only collects."""
    return read_settings(ROOT)


def test_every_setting_that_is_read_has_a_sentence() -> None:
    """Write it in config/described.py, then run make docs."""
    assert sorted(set(read()) - set(names())) == []


def test_every_sentence_is_of_a_setting_that_is_read() -> None:
    assert sorted(set(names()) - set(read())) == []
    assert len(names()) == len(set(names()))


@pytest.mark.parametrize("setting", [one for group in GROUPS.values() for one in group], ids=lambda s: s.name)
def test_a_setting_says_what_it_is_and_what_holds_without_it(setting) -> None:
    assert setting.says.endswith(".") and "|" not in setting.says
    assert setting.default or read()[setting.name], "say in words what holds without it"


def test_the_page_is_as_drawn() -> None:
    """make docs draws it."""
    page = (ROOT / "docs" / "running.md").read_text()
    assert draw(page, ROOT) == page
    assert [one for one in names() if f"| `{one}` |" not in page] == []


def test_nothing_speaks_of_a_setting_that_is_none() -> None:
    """Decisions and the changelog are left out: they say what was."""
    spoken = {word for path in TEXTS for word in WORD.findall(path.read_text())}
    assert len(spoken) > 20
    begun = {word for word in spoken if any(name.startswith(f"{word}_") for name in names())}
    assert sorted(spoken - begun - set(names()) - set(BESIDE) - FOR_TESTS) == []


@pytest.mark.parametrize("name, file", BESIDE.items())
def test_what_is_read_beside_the_program_is_read_there(name: str, file: str) -> None:
    assert name in (ROOT / file).read_text() and name not in read()


@pytest.mark.parametrize(
    "code, found",
    [
        ('A = env.text("CIRCLETIME_A", "x")', {"CIRCLETIME_A": "x"}),
        ('A = env.flag("CIRCLETIME_A", False)', {"CIRCLETIME_A": "no"}),
        ('A = env.number("OTHER", 7)', {"OTHER": "7"}),
        ('A = Setting("CIRCLETIME_A", "x")', {}),
        ('A = env.port("PORT", 8000)', {"PORT": "8000"}),
        ('A = env.secret("a_key", KEYS)', {"CIRCLETIME_A_KEY": ""}),
        ('import os\nA = os.environ["CIRCLETIME_A"]', {"CIRCLETIME_A": ""}),
        ('import os\nA = os.environ.get("CIRCLETIME_A", "x")', {"CIRCLETIME_A": "x"}),
        ('import os\nos.environ["CIRCLETIME_A"] = "yes"', {}),
    ],
)
def test_what_counts_as_reading_a_setting(code: str, found: dict[str, str], tmp_path: Path) -> None:
    for folder in ("config", "circletime"):
        (tmp_path / folder).mkdir()
    (tmp_path / "config" / "settings.py").write_text(code)
    assert read_settings(tmp_path) == found


@pytest.mark.parametrize("name", ['f"CIRCLETIME_{b}"', "b", '"CIRCLETIME_" + b'])
def test_a_setting_whose_name_is_put_together_is_not_taken(name: str, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.py").write_text(f'A = env.text({name}, "")')
    with pytest.raises(ValueError, match="line 1: write the setting's name out"):
        read_settings(tmp_path)


def test_a_page_without_a_place_for_the_table_is_not_taken() -> None:
    with pytest.raises(ValueError, match="no place"):
        draw("# How to run Circletime\n", ROOT)
    drawn = draw(f"a\n{BEGIN}\nan old table\n{END}\nb\n", ROOT)
    assert "an old table" not in drawn and drawn.startswith("a\n") and drawn.endswith("\nb\n")
