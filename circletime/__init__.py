"""Circletime. `VERSION` is that of the code that runs, whatever is installed meanwhile."""

VERSION = "0.1.0"
