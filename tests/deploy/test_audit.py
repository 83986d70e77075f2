"""deploy/audit.py: what was found is told, and silence is never taken for "nothing is known"."""

import json

import pytest

from deploy import audit
from deploy.audit import Answer

VULNERABLE = """=== Symbol Results ===

Vulnerability #1: GO-2026-0001
    An invented weakness
  Module: github.com/pion/rtp

Your code is affected by 1 vulnerability from 1 module.
"""


def packages(*given: dict[str, object]) -> str:
    return json.dumps({"dependencies": given, "fixes": []})


def test_python_packages() -> None:
    fine = {"name": "segno", "version": "1.6.6", "vulns": []}
    weak = {"name": "pypdf", "version": "7.0.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["7.1.0"]}]}
    unknown = {"name": "babel", "skip_reason": "Dependency not found on PyPI and could not be audited"}
    assert audit.read_pip_audit(packages(fine)) == Answer("Python packages (PyPI)")
    assert audit.read_pip_audit(packages(fine, weak)).found == ("pypdf 7.0.0: PYSEC-2026-1",)
    assert "1 of 2" in audit.read_pip_audit(packages(fine, unknown)).silent
    assert audit.read_pip_audit("").silent and audit.read_pip_audit("[]").silent


def test_packages_of_the_room_client() -> None:
    weak = {"vulnerabilities": {"vite": {"name": "vite", "severity": "high", "via": []}}, "metadata": {}}
    assert audit.read_npm_audit(json.dumps(weak)).found == ("vite: high",)
    fine = audit.read_npm_audit(json.dumps({"vulnerabilities": {}, "metadata": {}}))
    assert not fine.found and not fine.silent
    for refusal in ('{"message": "405 Method Not Allowed", "error": {"summary": ""}}', "", "[]"):
        assert audit.read_npm_audit(refusal).silent


def test_go_modules() -> None:
    fine = audit.read_govulncheck("recorder", 0, "No vulnerabilities found.\n")
    assert not fine.found and not fine.silent
    # `go run` ends with 1 whatever the program ended with.
    assert audit.read_govulncheck("recorder", 1, VULNERABLE).found == ("Vulnerability #1: GO-2026-0001",)
    assert audit.read_govulncheck("recorder", 1, "").silent


@pytest.mark.parametrize(
    "answers, status",
    [
        ([Answer("a")], 0),
        ([Answer("a"), Answer("b", silent="it did not answer")], 2),
        ([Answer("a", silent="it did not answer"), Answer("b", found=("x",))], 1),
    ],
)
def test_the_exit_status(answers: list[Answer], status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ask", lambda uv: iter(answers))
    monkeypatch.setattr("sys.argv", ["audit.py", "uv"])
    assert audit.main() == status
