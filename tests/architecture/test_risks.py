"""What the impact assessment says that stands against a risk is there, and is tested."""

from importlib import import_module
from pathlib import Path

import pytest

from circletime.policy.clauses import CLAUSES
from circletime.protection.risks import RISKS, Risk

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("risk", RISKS, ids=lambda risk: risk.what)
def test_what_stands_against_a_risk_is_there(risk: Risk) -> None:
    assert risk.against and risk.left and risk.places and risk.tests
    assert set(risk.clauses) <= {clause.number for clause in CLAUSES}
    for place in (*risk.places, *risk.tests):
        if "/" in place:
            assert (ROOT / place).exists(), place
        else:
            module, name = place.split(":")
            assert hasattr(import_module(f"circletime.{module}"), name), place
