"""The one application: pages over HTTP, the live socket and the signal gate over WebSocket."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_pages = get_asgi_application()

from circletime.pages.asgi import build  # noqa: E402  the models need the application set up first

application = build(_pages)
