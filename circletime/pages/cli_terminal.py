"""What every command has: who the log says did it, and how it speaks while it works."""

SYSTEM = "system:command"


def say(line: str) -> None:
    """A line at once, also where the output is no terminal."""
    print(line, flush=True)
