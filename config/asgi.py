"""The one application: pages over HTTP, the live socket and the signal gate over WebSocket."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from circletime.pages.asgi import build  # noqa: E402  the models need the application set up first
from circletime.pages.handler import PooledHandler  # noqa: E402

application = build(PooledHandler())
