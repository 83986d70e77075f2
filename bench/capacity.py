"""`python -m bench.capacity` draws docs/capacity.md: how many classes on which machine, from docs/figures.md.

The model is a handful of prices, each fitted to rows that were measured, times what a real class sends. Rows
that were left out of the fitting show how far the model is off.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from bench.report import PAGE, line, rows

TEXT = Path(__file__).with_suffix(".md")
"""The page's words, with places for numbers and tables."""
OUT = Path(__file__).resolve().parent.parent / "docs" / "capacity.md"
CHILDREN, MINUTES = 30, 20
PEOPLE = CHILDREN + 1
TILES = 9
LESSONS_A_WEEK, SCHOOL_DAYS_KEPT = 5, 22
"""Meetings of one class in a week; the school days within the thirty that a recording is kept."""
SMALL, LARGE, VOICE = 15, 30, 50
"""Packets a second: the small picture (90 kbit/s, one to a picture), the large (170, two), a voice (Opus)."""
RECORDED_MBIT = 0.17 + 0.01
"""Each camera's large picture, and its share of the voices."""
USED = 0.7
"""How much of a machine is planned with: the rest is for what comes at once, and for making films."""
BESIDE = 4
"""The worker, its spare, the app's, and the supervisor: each taken for an app at rest."""
AT_ONCE, MACHINES = (1, 4, 7, 14), (2, 4, 8, 16)
NEEDS = [
    "classes at once",
    "LiveKit, cores",
    "recorder",
    "app and gate",
    "worker",
    "PostgreSQL",
    "all, cores",
    "memory, GiB",
    "network in, Mbit/s",
    "out, Mbit/s",
    "recordings of a week, GiB",
    "of 30 days, GiB",
]
CHECKS = ["measured, not used above", "of", "the model says", "measured", "off"]
Row = dict[str, str]


@dataclass(frozen=True)
class Model:
    """What things cost: cores, MiB and Mbit/s."""

    packet: tuple[float, float]
    """The media server's cores at rest, and for each thousand packets a second, in and out."""
    recorder: float
    """The recorder's cores for each person."""
    meets: float
    """The app's cores for each person in a room."""
    comes: float
    """The app's cores for a class whose families all come within one minute."""
    worker: tuple[float, float]
    """The worker's cores with no class, and for each class more, in that minute."""
    database: float
    """PostgreSQL's cores for that class and minute."""
    media_mib: tuple[float, float]
    """At rest, and for each person more."""
    recorder_mib: tuple[float, float]
    app_mib: tuple[float, float]
    down: float
    up: float
    """Mbit/s to and from each person."""

    def media(self, packets: float) -> float:
        """The media server's cores for so many packets a second."""
        return self.packet[0] + self.packet[1] * packets / 1000

    def cores(self, classes: int) -> dict[str, float]:
        """The cores of each part for so many classes of thirty at once, by its name."""
        people = classes * PEOPLE
        return {
            "LiveKit": self.media(classes * packets_of_a_class()),
            "recorder": self.recorder * people,
            "app and gate": max(self.meets * people, self.comes * classes),
            "worker": self.worker[0] + self.worker[1] * classes,
            "database": self.database * classes,
        }

    def mib(self, classes: int) -> float:
        """The memory of everything, the database's apart."""
        parts = (self.media_mib, self.recorder_mib, self.app_mib)
        return BESIDE * self.app_mib[0] + sum(base + each * classes * PEOPLE for base, each in parts)


def packets_of_a_class() -> float:
    """Packets a second, in and out, of a real class: each camera sends two sizes, and two voices are open.

    Everybody receives nine small pictures, the speaker's large one and a voice; the recorder takes the large
    picture of each, and the voices.
    """
    came = PEOPLE * (SMALL + LARGE) + 2 * VOICE
    went = PEOPLE * (TILES * SMALL + LARGE + VOICE)
    return came + went + PEOPLE * LARGE + 2 * VOICE


def gib_a_lesson() -> float:
    """What the recording of one meeting takes on the disk."""
    return PEOPLE * RECORDED_MBIT / 8 * MINUTES * 60 / 1024


def fit(page: str) -> tuple[Model, Row, Row]:
    """The model from the page's tables; the two rows that were left out: three classes, and F1's thirty."""
    lone = [row for row in rows("F12", page) if row["on"] == "one node"]
    apart = next(row for row in lone if row["classes"] == "3")
    fitted = [row for row in lone if row is not apart]
    sockets, morning, home = rows("F13", page), rows("F5", page), rows("F6", page)
    people, recorded = [_people(row) for row in fitted], rows("F1", page)
    grown = [float(row["room sockets"]) for row in sockets]
    small = [row for row in morning if row.get("data in", "SQLite") == "SQLite"]
    sqlite = small[-1]
    model = Model(
        packet=line([float(row["packets/s"]) / 1000 for row in fitted], _column(fitted, "LiveKit, cores")),
        recorder=_slope(_column(recorded, "children"), _column(recorded, "recorder, cores")),
        meets=_slope(grown, _column(sockets, "the app, cores")),
        comes=float(sqlite["the app, cores"]) / float(sqlite["classes"]),
        worker=line(_column(small, "classes"), _column(small, "the worker, cores")),
        database=_database(morning),
        media_mib=line(people, _column(fitted, "LiveKit, MiB")),
        recorder_mib=line(people, _column(fitted, "recorder, MiB")),
        app_mib=line(grown, _column(sockets, "the app, MiB")),
        down=float(next(row["down, Mbit/s"] for row in home if row["on"] == "a computer, 9 tiles")),
        up=max(_column(home, "up, Mbit/s")),
    )
    return model, apart, recorded[-1]


def _people(row: Row) -> float:
    return int(row["classes"]) * (int(row["children in each"]) + 1)


def _column(found: list[Row], name: str) -> list[float]:
    return [float(row[name]) for row in found]


def _database(morning: list[Row]) -> float:
    row = next(
        (row for row in morning if row.get("data in") == "PostgreSQL" and row["classes"] == "14"), None
    )
    return float(row["PostgreSQL, cores"]) / 14 if row else 0.0


def _slope(xs: list[float], ys: list[float]) -> float:
    """Least squares through nothing: no load, no cost."""
    return sum(x * y for x, y in zip(xs, ys, strict=True)) / sum(x * x for x in xs)


def draw(page: str) -> str:
    """The page, from the text of docs/figures.md."""
    model, apart, recorded = fit(page)
    packets = packets_of_a_class()
    return TEXT.read_text().format(
        fits=_table(["classes at once", *(f"{cores} cores" for cores in MACHINES)], _fits(model)),
        needs=_table(NEEDS, [_needs(model, classes) for classes in AT_ONCE]),
        checks=_table(CHECKS, _checks(model, apart, recorded)),
        used=round(100 * USED),
        gib=gib_a_lesson(),
        minutes=MINUTES,
        lessons=LESSONS_A_WEEK,
        days=SCHOOL_DAYS_KEPT,
        packet=model.packet,
        packets=packets,
        media=model.media(packets),
        recorder=model.recorder * PEOPLE,
        meets=model.meets * PEOPLE,
        comes=model.comes,
        worker=model.worker,
        database=f"{model.database:.3f} × *c* in that minute." if model.database else "not measured yet.",  # noqa: RUF001
        media_mib=model.media_mib,
        recorder_mib=model.recorder_mib,
        app_mib=model.app_mib,
        rest=BESIDE * model.app_mib[0],
        down=model.down,
        up=model.up,
        mbit=RECORDED_MBIT,
    )


def _table(heads: list[str], lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in [heads, ["---"] * len(heads), *lines])


def _fits(model: Model) -> list[list[str]]:
    """Of each number of classes: whether each machine carries it, and with how much of its cores."""
    found = []
    for classes in AT_ONCE:
        cores = sum(model.cores(classes).values())
        shares = [f"{round(100 * cores / there)} %" if cores <= USED * there else "no" for there in MACHINES]
        found.append([str(classes), *shares])
    most = [int(USED * there // (sum(model.cores(100).values()) / 100)) for there in MACHINES]
    return [*found, ["at most", *(f"**{each}**" for each in most)]]


def _needs(model: Model, classes: int) -> list[str]:
    cores, people = model.cores(classes), classes * PEOPLE
    lessons = classes * LESSONS_A_WEEK * gib_a_lesson()
    return [
        str(classes),
        *(f"{each:.2f}" if each else "not measured" for each in cores.values()),
        f"{sum(cores.values()):.1f}",
        f"{model.mib(classes) / 1024:.1f}",
        f"{people * model.up:.0f}",
        f"{people * model.down:.0f}",
        f"{lessons:.0f}",
        f"{lessons * SCHOOL_DAYS_KEPT / 5:.0f}",
    ]


def _checks(model: Model, apart: Row, recorded: Row) -> list[list[str]]:
    people, classes = _people(apart), apart["classes"]
    lesson = f"{classes} classes of {apart['children in each']} (F12)"
    children = int(recorded["children"])
    sent = children * (LARGE + VOICE)  # 160 kbit/s are two packets a picture; the recorder takes all of it
    pairs = [
        (lesson, "LiveKit, cores", model.media(float(apart["packets/s"])), float(apart["LiveKit, cores"])),
        (lesson, "recorder, cores", model.recorder * people, float(apart["recorder, cores"])),
        (
            lesson,
            "LiveKit, MiB",
            model.media_mib[0] + people * model.media_mib[1],
            float(apart["LiveKit, MiB"]),
        ),
        (
            f"{children} children, all speak, only recorded (F1)",
            "LiveKit, cores",
            model.media(2 * sent),
            float(recorded["server, cores"]),
        ),
    ]
    return [
        [what, of, f"{says:.3g}", f"{was:.3g}", f"{100 * (says / was - 1):+.0f} %"]
        for what, of, says, was in pairs
    ]


def main() -> int:
    """Write the page; with --check, only say whether it is as it would be written."""
    drawn = draw(PAGE.read_text())
    if "--check" in sys.argv:
        return 0 if OUT.read_text() == drawn else 1
    OUT.write_text(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
