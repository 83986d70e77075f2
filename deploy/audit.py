"""Asks whether anything that an installation is made of has a known weakness.

Three lists are asked: PyPI's for the Python packages, npm's for what the browser gets and is built with, and
Go's for the built media server and recorder. A list that does not answer is named, and is not an answer: the
exit status is 1 when something was found, 2 when not every list could be asked, else 0. Called by
`make audit`.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP_AUDIT = "pip-audit==2.10.1"
GOVULNCHECK = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"
PROGRAMS = ("livekit-server", "recorder")


@dataclass(frozen=True)
class Answer:
    """What one list says: the weaknesses found, or, when it could not be asked, why not."""

    of: str
    found: tuple[str, ...] = ()
    silent: str = ""


def read_pip_audit(text: str) -> Answer:
    """What `pip-audit --format json` said. It ends well when PyPI knew nothing about any package at all."""
    of = "Python packages (PyPI)"
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Answer(of, silent="pip-audit gave no answer")
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    found = [
        f"{one['name']} {one['version']}: {each['id']}" for one in packages for each in one.get("vulns", ())
    ]
    silent = f"it told nothing of {len(skipped)} of {len(packages)} packages" if skipped else ""
    return Answer(of, tuple(found), silent)


def read_npm_audit(text: str) -> Answer:
    """What `npm audit --json` said."""
    of = "the room client's packages (npm)"
    try:
        said = json.loads(text)
        found = [f"{name}: {one['severity']}" for name, one in said["vulnerabilities"].items()]
    except (ValueError, KeyError, AttributeError, TypeError):
        return Answer(of, silent="it did not answer")
    return Answer(of, tuple(found))


def read_govulncheck(program: str, status: int, text: str) -> Answer:
    """What `govulncheck -mode=binary` said; status 0 is that it found nothing."""
    of = f"Go modules in {program} (Go's list)"
    found = [line.strip() for line in text.splitlines() if line.startswith("Vulnerability #")]
    return Answer(of, tuple(found), "" if found or status == 0 else "it did not answer")


def ask(uv: str) -> Iterator[Answer]:
    """Every list, one after the other."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        export = [uv, "export", "--quiet", "--frozen", "--no-emit-project", "--output-file", file.name]
        subprocess.run(export, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        audit = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
        yield read_pip_audit(_said([uv, "tool", "run", "--quiet", PIP_AUDIT, *audit, "-r", file.name])[1])
    yield read_npm_audit(_said(["npm", "--prefix", "room", "audit", "--json", "--package-lock-only"])[1])
    for program in PROGRAMS:
        check = [
            sys.executable,
            "media/build.py",
            "go",
            "run",
            GOVULNCHECK,
            "-mode=binary",
            f"var/bin/{program}",
        ]
        yield read_govulncheck(program, *_said(check))


def _said(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout


def main() -> int:
    """`python -m deploy.audit UV`."""
    answers = []
    for answer in ask(sys.argv[1]):
        answers.append(answer)
        for line in answer.found:
            print(f"FOUND in {answer.of}: {line}", flush=True)
        if answer.silent:
            print(f"NOT ASKED: {answer.of}: {answer.silent}.", flush=True)
        if not answer.found and not answer.silent:
            print(f"nothing known: {answer.of}", flush=True)
    if any(answer.found for answer in answers):
        return 1
    return 2 if any(answer.silent for answer in answers) else 0


if __name__ == "__main__":
    sys.exit(main())
