"""Loaded before Django's settings are: each run of the tests has a folder of its own, gone at its end."""

import atexit
import os
import shutil
import tempfile

os.environ["CIRCLETIME_VAR"] = tempfile.mkdtemp(prefix="circletime-test-")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's sync API keeps an event loop in this thread
atexit.register(shutil.rmtree, os.environ["CIRCLETIME_VAR"], ignore_errors=True)

from circletime.core.catalogs import compile_all  # noqa: E402

compile_all()
