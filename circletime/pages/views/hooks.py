"""What the media server tells us. Only a hint: the reconciler asks again anyway."""

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from circletime.core import time
from circletime.media import livekit
from circletime.media.livekit import MediaError
from circletime.meetings.actions import host
from circletime.meetings.models import Seat


@csrf_exempt  # signed by the media server's own key instead
@require_POST
def livekit_hook(request: HttpRequest) -> HttpResponse:
    """A signed event. A shared screen that ended switches sharing off (T5)."""
    try:
        event = livekit.parse_webhook(request.body, request.headers.get("Authorization", ""))
    except (MediaError, RawPostDataException):  # a form is no event
        return HttpResponse(status=401)
    if event.name == "track_unpublished" and event.source == "screen_share":
        seat = Seat.objects.filter(public_id=event.identity, meeting__room=event.room).first()
        if seat is not None:
            host.screen_stopped(seat=seat, now=time.now())
    return HttpResponse(status=204)


def no_pass(request: HttpRequest) -> HttpResponse:
    """The answer to livekit-client when its socket was refused: no reason, the same for everybody."""
    return HttpResponse("not admitted", status=401, content_type="text/plain")
