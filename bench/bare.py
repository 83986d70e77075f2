"""The comparison: livekit-client in a page of its own, straight to LiveKit, with nothing of ours between."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from circletime.media import livekit
from circletime.media.rules import Rights
from tests.harness import ROOT
from tests.recorder.studio import Studio

SPEAKS = Rights(camera=True, microphone=True, screen=False, subscribe=True)
SEEN = Rights(camera=True, microphone=False, screen=False, subscribe=True)
CLIENT = ROOT / "room/node_modules/livekit-client/dist/livekit-client.umd.js"
PAGE = """<!doctype html><title>Bare</title><div id="tiles"></div>
<script src="livekit-client.umd.js"></script>
<script>
const small = new LivekitClient.VideoPreset(320, 180, 90_000, 15);
const room = new LivekitClient.Room({
  adaptiveStream: true,
  dynacast: true,
  publishDefaults: {
    videoCodec: "vp8",
    simulcast: true,
    videoSimulcastLayers: [small],
    videoEncoding: { maxBitrate: 200_000, maxFramerate: 15 },
    audioPreset: { maxBitrate: 24_000 },
    red: false,
    dtx: true,
  },
});
let sound = null;
// As the room client does: what may be sent follows the permission.
const follow = async () => {
  const may = room.localParticipant.permissions?.canPublishSources.includes(2);
  const sent = room.localParticipant.getTrackPublication("microphone");
  if (may && !sent && sound) await room.localParticipant.publishTrack(sound, { source: "microphone" });
  if (!may && sent?.track) await room.localParticipant.unpublishTrack(sent.track, false);
};
room.on("trackSubscribed", (track, _publication, who) => {
  const tile = document.createElement("div");
  tile.ariaLabel = who.name;
  tile.style.cssText = "width: 640px; height: 360px";
  tile.append(track.attach());
  document.getElementById("tiles").append(tile);
}).on("trackUnsubscribed", (track) => {
  for (const element of track.detach()) element.parentElement?.remove();
}).on("participantPermissionsChanged", (_before, who) => {
  if (who === room.localParticipant) void follow();
});
const join = async ({ url, token }) => {
  sound = await LivekitClient.createLocalAudioTrack();
  await room.connect(url, token);
  await room.localParticipant.setCameraEnabled(true, { resolution: { width: 640, height: 360 } });
};
const asked = JSON.parse(decodeURIComponent(location.hash.slice(1) || "null"));
if (asked) void join(asked);
</script>"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path, page: str = PAGE) -> Iterator[str]:
    """A page beside livekit-client's own file, at the address that is yielded."""
    folder.mkdir(exist_ok=True)
    shutil.copy(CLIENT, folder)
    (folder / "index.html").write_text(page)
    (folder / "before.html").write_text("<!doctype html><title>Before</title>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()


def address(site: str, studio: Studio, name: str, rights: Rights) -> str:
    """The bare page that joins the studio's room as soon as it is loaded."""
    asked = {"url": studio.url, "token": livekit.make_token("room", name, name, rights)}
    return f"{site}#{quote(json.dumps(asked))}"
