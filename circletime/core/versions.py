"""Which of two versions is older."""


def is_older(one: str, other: str) -> bool:
    """Whether version `one` came before `other`, as 0.9.0 before 0.10.0."""
    return numbers(one) < numbers(other)


def numbers(version: str) -> list[int]:
    """What versions are told apart by."""
    return [int(number) for number in version.split(".")]
