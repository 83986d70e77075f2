"""`python -m circletime.recordings.film FILM TRY`: make one claimed film.

The worker starts this, with the number of the try that it claimed."""

import os
import sys

from circletime.media.processes import die_with_parent


def main() -> int:
    """Exit status 0 once the film is in the vault."""
    if len(sys.argv) != 3:
        return 2
    die_with_parent()  # the next worker makes the film
    os.nice(10)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from circletime.recordings.film.job import make
    from circletime.recordings.models import Film
    from circletime.recordings.rules import FilmState

    claimed = Film.objects.filter(public_id=sys.argv[1], state=FilmState.MAKING, tries=int(sys.argv[2]))
    film = claimed.select_related("recording__meeting").first()
    return 0 if film is not None and make(film) else 1


if __name__ == "__main__":
    sys.exit(main())
