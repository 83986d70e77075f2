"""Talking to the recorder, over its unix socket, in plain values."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

JOINS_WITHIN = 6.0
ANSWERS_WITHIN = 4.0


class RecorderUnavailable(Exception):
    """The recorder did not do what it was asked; the text says what, in plain words."""


@dataclass(frozen=True)
class TrackStatus:
    """One track that is being written. Sizes are those of the real picture, in pixels."""

    sid: str
    identity: str
    source: str
    bytes: int
    width: int
    height: int


@dataclass(frozen=True)
class Status:
    """How one recording stands. `state` is recording, lost or stopped."""

    id: str
    state: str
    segment: int
    error: str
    tracks: tuple[TrackStatus, ...]


class Recorder:
    """The recorder behind `socket`."""

    def __init__(self, socket: Path) -> None:
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://recorder", timeout=ANSWERS_WITHIN
        )

    def start(
        self, recording: str, *, room: str, url: str, token: str, folder: Path, key: bytes, segment: int
    ) -> None:
        """Record a room from now on, as this segment. Returns once it is in the room and writing."""
        order = {
            "room": room,
            "url": url,
            "token": token,
            "folder": str(folder),
            "key": b64encode(key).decode(),
            "segment": segment,
        }
        self._call("PUT", f"/recordings/{recording}", json=order, timeout=JOINS_WITHIN)

    def list(self) -> dict[str, Status]:
        """Every recording it knows, by id."""
        found = {}
        for row in self._call("GET", "/recordings"):
            tracks = tuple(
                TrackStatus(t["sid"], t["identity"], t["source"], t["bytes"], t["width"], t["height"])
                for t in row["tracks"]
            )
            found[row["id"]] = Status(row["id"], row["state"], row["segment"], row["error"], tracks)
        return found

    def stop(self, recording: str) -> None:
        """End a recording and close its files. One it does not know is fine."""
        self._call("DELETE", f"/recordings/{recording}")

    def _call(self, method: str, path: str, **extra: Any) -> Any:
        try:
            answer = self._client.request(method, path, **extra)
        except httpx.HTTPError as trouble:
            raise RecorderUnavailable("The recorder is not answering.") from trouble
        if answer.status_code != 200:
            raise RecorderUnavailable(f"The recorder cannot record: {answer.json().get('error', '')}.")
        return answer.json()
