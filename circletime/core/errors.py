"""The one family of errors that a person is meant to read."""


class Refused(Exception):
    """The rules do not allow this. `str()` is a plain sentence that may be shown as it is.

    `code` is stable, for programs; `field` names the form field the sentence belongs beside;
    `status` is the HTTP status a page answers with.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, status: int = 409) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.status = status


class NotAllowed(Refused):
    """This person may not do this, whatever the state."""

    def __init__(self, message: str = "You may not do this.") -> None:
        super().__init__("not_allowed", message, status=403)
