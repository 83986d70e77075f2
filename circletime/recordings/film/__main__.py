"""`python -m circletime.recordings.film RECORDING`: make one claimed film. The worker starts this."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> int:
    """Exit status 0 once the film is in the vault."""
    parent = os.getppid()
    # A film nobody waits for is not gone on with: the next worker makes it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent or len(sys.argv) != 3:
        return 2
    os.nice(10)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from circletime.recordings.film.job import make
    from circletime.recordings.models import Recording
    from circletime.recordings.rules import Film

    recording = Recording.objects.filter(
        public_id=sys.argv[1], film_state=Film.MAKING, film_tries=int(sys.argv[2])
    ).first()
    return 0 if recording is not None and make(recording) else 1


if __name__ == "__main__":
    sys.exit(main())
