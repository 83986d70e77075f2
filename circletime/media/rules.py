"""What a person may do in a room, as plain values."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Rights:
    """What one participant may send and receive. Everything is off unless it is said to be on."""

    camera: bool
    microphone: bool
    screen: bool
    subscribe: bool

    NONE: ClassVar["Rights"]


Rights.NONE = Rights(camera=False, microphone=False, screen=False, subscribe=False)
