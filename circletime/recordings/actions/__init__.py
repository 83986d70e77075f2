"""What may be done to recordings, by noun. `prepare` is what a meeting's start needs."""

from circletime.recordings.actions.capture import prepare

__all__ = ["prepare"]
