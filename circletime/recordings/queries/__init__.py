"""Questions about recordings, by noun."""

from circletime.recordings.queries.clock import clock_sentence, clock_trouble
from circletime.recordings.queries.film import Chapter, chapters, get_film, last_viewing, whole_film
from circletime.recordings.queries.keeping import (
    HoldCount,
    certificate_of,
    count_holds,
    get_hold,
    open_early,
    open_holds,
)
from circletime.recordings.queries.parts import film_script, folder_of, key_of, open_part, read_segments
from circletime.recordings.queries.recording import (
    count_kept,
    due,
    get_recording,
    is_held,
    length_of,
    list_named,
    list_recordings,
    may_be_seen,
)
from circletime.recordings.queries.space import (
    count_unmoved,
    free_bytes,
    list_kept_bytes,
    room_warning,
    seconds_to_record,
)
from circletime.recordings.queries.verify import certificates_verify, vault_verify

__all__ = [
    "Chapter",
    "HoldCount",
    "certificate_of",
    "certificates_verify",
    "chapters",
    "clock_sentence",
    "clock_trouble",
    "count_holds",
    "count_kept",
    "count_unmoved",
    "due",
    "film_script",
    "folder_of",
    "free_bytes",
    "get_film",
    "get_hold",
    "get_recording",
    "is_held",
    "key_of",
    "last_viewing",
    "length_of",
    "list_kept_bytes",
    "list_named",
    "list_recordings",
    "may_be_seen",
    "open_early",
    "open_holds",
    "open_part",
    "read_segments",
    "room_warning",
    "seconds_to_record",
    "vault_verify",
    "whole_film",
]
