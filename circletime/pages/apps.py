"""Start-up: where the media server is."""

from django.apps import AppConfig
from django.conf import settings

from circletime.media import livekit


class PagesConfig(AppConfig):
    """The top of the program, which ties the domains together."""

    name = "circletime.pages"

    def ready(self) -> None:
        livekit.configure(
            livekit.MediaSettings(
                settings.LIVEKIT_URLS[0],
                settings.LIVEKIT_KEY,
                settings.LIVEKIT_SECRET,
                others=tuple(settings.LIVEKIT_URLS[1:]),
                relay=settings.TURN_DOMAIN,
            )
        )
