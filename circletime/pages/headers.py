"""What every answer tells a browser that it may do: nothing but what its own page needs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

HOSTS_ROOM = ("camera", "microphone", "display-capture")
PREVIEW = ("camera", "microphone")
PLAYER = ("fullscreen",)
PASSKEY = ("publickey-credentials-get", "publickey-credentials-create")

NEEDED = {
    "room": HOSTS_ROOM,
    "meeting": PREVIEW,
    "meeting-start": PREVIEW,
    "meeting-join": PREVIEW,
    "family-test": PREVIEW,
    "recording": PLAYER,
    "recording-open": PLAYER,
    "redaction": PLAYER,
    "supervised": PLAYER,
    "supervised-link": PLAYER,
    "see": PLAYER,
    "account_login": PASSKEY,
    "mfa_login_webauthn": PASSKEY,
    "mfa_authenticate": PASSKEY,
    "mfa_add_webauthn": PASSKEY,
    "mfa_reauthenticate_webauthn": PASSKEY,
}
"""Which page uses which of a device's powers, by the name of its address. Where a form that was refused is
shown again its address counts as well."""

POWERS = (
    "accelerometer",
    "bluetooth",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-create",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
"""What a browser could let a page do. Every one that no page is named for is off everywhere."""


class Headers:
    """The outermost of all, so that errors and files are told the same."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        match = request.resolver_match
        answer["Permissions-Policy"] = permissions(match.url_name if match is not None else None)
        # No other site's page shows or plays what is here, even where it is nothing but a picture.
        answer["Cross-Origin-Resource-Policy"] = "same-origin"
        return answer


def permissions(name: str | None) -> str:
    """The header of the page whose address has this name."""
    needed = NEEDED.get(name or "", ())
    return ", ".join(f"{power}=({'self' if power in needed else ''})" for power in POWERS)
