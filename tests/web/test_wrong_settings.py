"""A setting that cannot be used stops the start with one sentence, which names it and says what is wanted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.started import circletime

ROOT = Path(__file__).resolve().parents[2]


def start(var: Path, **settings: str) -> tuple[int, str]:
    """The first thing anybody does, in a process of its own; answers its status and what it complained of."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CIRCLETIME_")}
    env |= {"CIRCLETIME_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"} | settings
    return circletime("serve", "nothing", env=env)


WRONG = [
    ({"PORT": "eight thousand"}, "PORT is 'eight thousand'; it must be a whole number."),
    ({"PORT": "80000"}, "PORT is 80000; a port is a number from 1 to 65535."),
    ({"CIRCLETIME_SMTP_PORT": "0"}, "CIRCLETIME_SMTP_PORT is 0; a port"),
    ({"PORT": "65535"}, "CIRCLETIME_LIVEKIT_PORT is 65536; a port"),
    ({"CIRCLETIME_DEMO": "perhaps"}, "CIRCLETIME_DEMO is 'perhaps'; it must be yes or no."),
    ({"CIRCLETIME_SMTP_TLS": "ssl"}, "CIRCLETIME_SMTP_TLS is 'ssl'; it must be one of: starttls, tls, off."),
    (
        {"CIRCLETIME_URL": "meet.school.example"},
        "CIRCLETIME_URL is 'meet.school.example'; it must be https://",
    ),
    ({"CIRCLETIME_URL": "https://meet.school.example/video"}, "it must be https:// and a name"),
    ({"CIRCLETIME_URL": "https://meet.school.example:port"}, "it must be https:// and a name"),
    ({"CIRCLETIME_LIVEKIT_URL": "ws://127.0.0.1:7880"}, "CIRCLETIME_LIVEKIT_URL is 'ws://127.0.0.1:7880'"),
    (
        {"CIRCLETIME_URL": "https://meet.school.example", "CIRCLETIME_HOSTS": "localhost,www.school.example"},
        "CIRCLETIME_HOSTS is 'localhost,www.school.example'; meet.school.example, which pages are reached by",
    ),
    (
        {"CIRCLETIME_LISTEN": "everywhere"},
        "CIRCLETIME_LISTEN is 'everywhere'; it must be an address like",
    ),
    (
        {"CIRCLETIME_NODE_IP": "meet.school.example"},
        "CIRCLETIME_NODE_IP is 'meet.school.example'; it must be",
    ),
    ({"CIRCLETIME_TIME_ZONE": "London"}, "CIRCLETIME_TIME_ZONE is 'London'; it must be a time zone"),
    ({"CIRCLETIME_TIME_ZONE": "../etc/passwd"}, "it must be a time zone, as Europe/London."),
    (
        {"CIRCLETIME_MAIL_FROM": "The school"},
        "CIRCLETIME_MAIL_FROM is 'The school'; it must be as: Larkfield",
    ),
    ({"CIRCLETIME_SCHOOLPING": "ftp://x"}, "CIRCLETIME_SCHOOLPING is 'ftp://x'; it must be mailto:"),
    ({"CIRCLETIME_DJANGO_SECRET": "short"}, "CIRCLETIME_DJANGO_SECRET is too short; it must have 16"),
    ({"CIRCLETIME_OTLP": "collector:4318"}, "CIRCLETIME_OTLP is 'collector:4318'; it must be an address"),
    ({"CIRCLETIME_KEK": "kms:x"}, "CIRCLETIME_KEK is 'kms:x'; it must be file, or age:"),
    ({"CIRCLETIME_KEK": "age:/nowhere"}, "CIRCLETIME_KEK: no age identity can be read in /nowhere."),
    ({"CIRCLETIME_S3_BUCKET": "films"}, "CIRCLETIME_S3_BUCKET is set, and CIRCLETIME_S3_ID and"),
    ({"CIRCLETIME_DATABASE": "mysql://x/y"}, "CIRCLETIME_DATABASE must begin with postgres://, as in"),
    ({"CIRCLETIME_DATABASE": "postgres://db.example"}, "CIRCLETIME_DATABASE names no database;"),
    ({"CIRCLETIME_DATABASE": "postgres://db:port/school"}, "CIRCLETIME_DATABASE has a port that is no"),
    ({"CIRCLETIME_DATABASE": "postgres://db/school?tls=on"}, "cannot be read: invalid URI query parameter"),
    (
        {"CIRCLETIME_DATABASE": "postgres://db/school", "CIRCLETIME_DATABASE_PASSWORD_FILE": "/nowhere"},
        "CIRCLETIME_DATABASE_PASSWORD_FILE: the file /nowhere cannot be read.",
    ),
    (
        {"CIRCLETIME_DATABASE": "postgres://db/school", "CIRCLETIME_DATABASE_PASSWORD_FILE": "/dev/null"},
        "CIRCLETIME_DATABASE_PASSWORD_FILE: the file /dev/null is empty.",
    ),
    (
        {"CIRCLETIME_APPS": "2"},
        "CIRCLETIME_APPS is 2; more than one needs PostgreSQL: set CIRCLETIME_DATABASE.",
    ),
    ({"CIRCLETIME_WORKERS": "0"}, "CIRCLETIME_WORKERS is 0; it must be from 1 to 32."),
    ({"CIRCLETIME_VAULT": "/proc/nowhere"}, "CIRCLETIME_VAULT: the folder /proc/nowhere cannot be made"),
    ({"CIRCLETIME_KEYS": "/dev/null"}, "CIRCLETIME_KEYS: the folder /dev/null cannot be made"),
]


@pytest.mark.parametrize("given, said", WRONG, ids=[",".join(one) for one, _ in WRONG])
def test_a_wrong_setting_is_said_in_a_sentence(given: dict[str, str], said: str, tmp_path: Path) -> None:
    status, told = start(tmp_path / "var", **given)
    assert status == 2
    assert said in told and told.endswith(".\n") and told.count("\n") == 1, told


def test_a_secret_that_is_too_short_is_not_repeated(tmp_path: Path) -> None:
    assert "short-word" not in start(tmp_path / "var", CIRCLETIME_LIVEKIT_SECRET="short-word")[1]


@pytest.mark.parametrize(
    "address", ["postgres://us:a-word@db", "postgres://us:a-word@db/x?y=1", "us:a-word@db/x"]
)
def test_a_databases_password_is_not_repeated(tmp_path: Path, address: str) -> None:
    status, told = start(tmp_path / "var", CIRCLETIME_DATABASE=address)
    assert status == 2 and told and "a-word" not in told


def test_a_database_elsewhere_is_spoken_to_over_tls_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a word of a file\n")
    code = (
        "from config.settings import DATABASES as d; one = d['default']; "
        "print(one['OPTIONS'].get('sslmode'), one['PASSWORD'], one['PORT'])"
    )

    def settings(address: str) -> str:
        env = os.environ | {"CIRCLETIME_VAR": str(tmp_path), "CIRCLETIME_DATABASE": address}
        env["CIRCLETIME_DATABASE_PASSWORD_FILE"] = str(tmp_path / "password")
        command = [sys.executable, "-c", code]
        told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
        return told.stdout.strip()

    assert settings("postgres://us@db.example:5433/x") == "require a word of a file 5433"
    assert settings("postgres://us@db.example/x?sslmode=verify-full").startswith("verify-full ")
    assert settings("postgres://us@127.0.0.1/x").startswith("None ")
    assert settings("postgres://us@/x?host=/run/postgresql").startswith("None ")


RIGHT = [
    {},
    {"CIRCLETIME_URL": "https://meet.school.example/"},
    {"CIRCLETIME_URL": "https://meet.school.example", "CIRCLETIME_HOSTS": ".school.example"},
    {"CIRCLETIME_URL": "https://meet.school.example", "CIRCLETIME_HOSTS": "*"},
    {"CIRCLETIME_LISTEN": "0.0.0.0", "CIRCLETIME_NODE_IP": "192.0.2.7"},
    {"CIRCLETIME_MAIL_FROM": "Larkfield School <office@larkfield.example>"},
    {"CIRCLETIME_MAIL_FROM": "office@larkfield.example", "CIRCLETIME_SMTP_TLS": "OFF"},
]


@pytest.mark.parametrize("given", RIGHT, ids=[",".join(one.values()) or "none" for one in RIGHT])
def test_a_right_setting_starts(given: dict[str, str], tmp_path: Path) -> None:
    """As far as the part that there is none of."""
    status, told = start(tmp_path / "var", **given)
    assert (status, told) == (2, "There is no part called nothing.\n")


def test_the_name_that_pages_are_reached_by_need_not_be_said_twice(tmp_path: Path) -> None:
    env = os.environ | {"CIRCLETIME_VAR": str(tmp_path), "CIRCLETIME_URL": "https://meet.school.example"}
    code = "from config.settings import ALLOWED_HOSTS; print(ALLOWED_HOSTS)"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert told.stdout.strip() == "['localhost', '127.0.0.1', 'meet.school.example']"
