"""Every setting in a sentence, as docs/running.md lists them.

A setting is an environment variable. `tests/architecture/test_settings.py` fails for one that the program
reads and that is not here, and for one that is here and not read any more; `make docs` draws the page.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One variable. `default` says in words what holds without it, where the code has no plain value."""

    name: str
    says: str
    default: str = ""


IN_KEYS = "made at the first start, in the key folder"

GROUPS: dict[str, tuple[Setting, ...]] = {
    "Where it is reached": (
        Setting("PORT", "The port on which this machine serves the pages."),
        Setting(
            "CIRCLETIME_URL",
            "The address that staff and families type; it begins with https:// as soon as anybody but this "
            "machine uses it.",
            "http://localhost and PORT",
        ),
        Setting(
            "CIRCLETIME_HOSTS",
            "The names that pages may be asked for by, with commas between; the one in CIRCLETIME_URL has to "
            "be among them.",
            "localhost, 127.0.0.1 and the name in CIRCLETIME_URL",
        ),
        Setting(
            "CIRCLETIME_LISTEN",
            "The address of this machine on which pages are served: leave it where the program that has the "
            "certificate runs on this machine, too.",
        ),
        Setting("CIRCLETIME_TIME_ZONE", "The school's time zone, in which days begin and end."),
    ),
    "Where things are kept": (
        Setting(
            "CIRCLETIME_VAR",
            "The folder of this installation: database, logs, and what follows.",
            "var in a clone; circletime in XDG_DATA_HOME where it was installed",
        ),
        Setting(
            "XDG_DATA_HOME",
            "Where programs of this account keep data; it counts for nothing when CIRCLETIME_VAR is set.",
            "~/.local/share",
        ),
        Setting(
            "CIRCLETIME_KEYS",
            "The folder of the keys, best on another disk than the recordings and encrypted.",
            "keys in CIRCLETIME_VAR",
        ),
        Setting("CIRCLETIME_VAULT", "The folder of the recordings.", "vault in CIRCLETIME_VAR"),
        Setting(
            "CIRCLETIME_BIN", "The folder of the media server and the recorder.", "where they were built"
        ),
        Setting(
            "CIRCLETIME_DATABASE",
            "The address of a PostgreSQL, as postgres://circletime@db.example/circletime, with what libpq "
            "reads in one: the database is there, and not in CIRCLETIME_VAR.",
            "SQLite",
        ),
        Setting(
            "CIRCLETIME_DATABASE_PASSWORD_FILE",
            "A file with the password for that address, and nothing else.",
            "none",
        ),
        Setting(
            "CIRCLETIME_APPS", "How many processes serve the pages; more than one needs PostgreSQL.", "1"
        ),
        Setting(
            "CIRCLETIME_WORKERS",
            "How many processes keep the school's clock; more than one needs PostgreSQL.",
            "1",
        ),
        Setting(
            "CIRCLETIME_KEK",
            "How the school's key of recordings lies in the key folder: file, or age: and the path of the "
            "age identity that opens it.",
            "`file`",
        ),
        Setting(
            "CIRCLETIME_S3_BUCKET", "The bucket that recordings go on to when they have stopped.", "none"
        ),
        Setting("CIRCLETIME_S3_URL", "The address of the store that has the bucket.", "Amazon's"),
        Setting("CIRCLETIME_S3_REGION", "The region of the bucket."),
        Setting("CIRCLETIME_S3_ID", "The name that the store knows this machine by.", "none"),
        Setting("CIRCLETIME_S3_SECRET", "The password that goes with it.", "none"),
    ),
    "Sound and picture": (
        Setting(
            "CIRCLETIME_NODE_IP",
            "The address, in numbers, that browsers send sound and picture to: this machine's own on the "
            "internet.",
        ),
        Setting(
            "CIRCLETIME_LIVEKIT_PORT",
            "The media server's port for signals, which only this machine uses.",
            "PORT + 1",
        ),
        Setting(
            "CIRCLETIME_LIVEKIT_TCP_PORT",
            "The port for sound and picture over TCP; browsers have to reach it.",
            "PORT + 2",
        ),
        Setting(
            "CIRCLETIME_LIVEKIT_UDP_PORT",
            "The port for sound and picture over UDP; browsers have to reach it.",
            "PORT + 3",
        ),
        Setting(
            "CIRCLETIME_LIVEKIT_URL",
            "The addresses of media servers that run elsewhere, with commas between; then none is started "
            "here, and CIRCLETIME_LIVEKIT_KEY and CIRCLETIME_LIVEKIT_SECRET have to be set.",
            "none: one is started here",
        ),
        Setting("CIRCLETIME_LIVEKIT_KEY", "The name that media servers elsewhere know this school by."),
        Setting(
            "CIRCLETIME_LIVEKIT_LISTEN",
            "The address, in numbers, at which our own media server is reached by others beside it.",
        ),
        Setting(
            "CIRCLETIME_LIVEKIT_REDIS",
            "The Redis that media servers of one school share, as redis://:PASSWORD@192.0.2.7:6379/0.",
            "none",
        ),
        Setting(
            "CIRCLETIME_TURN_DOMAIN",
            "The name of the school's own relay, for homes where only web pages come through.",
            "none",
        ),
        Setting("CIRCLETIME_TURN_CERT", "The file of the relay's certificate, in PEM.", "none"),
        Setting("CIRCLETIME_TURN_KEY", "The file of the key that goes with it, without a password.", "none"),
        Setting("CIRCLETIME_TURN_PORT", "The relay's port; browsers have to reach it."),
    ),
    "How staff sign in": (
        Setting(
            "CIRCLETIME_SECOND_STEP",
            "Whether senior leaders need a second step to sign in: required or offered.",
            "`required`, in the demo `offered`",
        ),
        Setting(
            "CIRCLETIME_OIDC_DOMAINS",
            "The domains of the school's own e-mail addresses, with commas between, where staff sign in with "
            "an account from elsewhere.",
            "none",
        ),
        Setting("CIRCLETIME_OIDC_GOOGLE_ID", "Google's name for this installation.", "none"),
        Setting("CIRCLETIME_OIDC_GOOGLE_SECRET", "The password that goes with it.", "none"),
        Setting("CIRCLETIME_OIDC_MICROSOFT_ID", "Microsoft's name for this installation.", "none"),
        Setting("CIRCLETIME_OIDC_MICROSOFT_SECRET", "The password that goes with it.", "none"),
        Setting(
            "CIRCLETIME_OIDC_MICROSOFT_TENANT", "The ID of the school's own Microsoft directory.", "none"
        ),
        Setting("CIRCLETIME_OIDC_URL", "Another provider of accounts, by OpenID Connect.", "none"),
        Setting("CIRCLETIME_OIDC_ID", "Its name for this installation.", "none"),
        Setting("CIRCLETIME_OIDC_SECRET", "The password that goes with it.", "none"),
        Setting("CIRCLETIME_OIDC_NAME", "What staff call it."),
    ),
    "Letters": (
        Setting(
            "CIRCLETIME_SMTP_HOST", "The mail server that letters go through.", "none: letters reach nobody"
        ),
        Setting("CIRCLETIME_SMTP_PORT", "The mail server's port."),
        Setting("CIRCLETIME_SMTP_USER", "The name to sign in to the mail server with.", "none"),
        Setting("CIRCLETIME_SMTP_PASSWORD", "The password to sign in to the mail server with.", "none"),
        Setting("CIRCLETIME_SMTP_TLS", "How the way to the mail server is encrypted: starttls, tls or off."),
        Setting(
            "CIRCLETIME_MAIL_FROM",
            "Who letters are from, as: Larkfield School <office@larkfield.example>.",
            "circletime@ and the name in CIRCLETIME_URL",
        ),
        Setting(
            "CIRCLETIME_ALARMS_TO",
            "Who is written to when something is wrong with Circletime itself: office, headteacher, and the "
            "addresses of whoever else looks after the machine, with commas between.",
            "`office,headteacher`",
        ),
        Setting(
            "CIRCLETIME_SCHOOLPING",
            "Where messages for SchoolPing go: mailto: and a gateway's address, or a webhook's https://.",
            "none: the office pastes them",
        ),
    ),
    "Secrets, which nobody has to set": (
        Setting("CIRCLETIME_DJANGO_SECRET", "What browsers' sessions are signed with.", IN_KEYS),
        Setting("CIRCLETIME_LIVEKIT_SECRET", "What the pages and the media server share.", IN_KEYS),
        Setting("CIRCLETIME_FAMILY_LINK_KEY", "What families' links are made with.", IN_KEYS),
        Setting(
            "CIRCLETIME_WATCH_TOKEN", "What a program shows that watches Circletime from outside.", IN_KEYS
        ),
        Setting("CIRCLETIME_SCHOOLPING_SECRET", "What the messages to a webhook are signed with.", IN_KEYS),
    ),
    "Other": (
        Setting("CIRCLETIME_LOG", "How the pages and the worker write their logs: plain, or json."),
        Setting(
            "CIRCLETIME_OTLP",
            "The address of an OpenTelemetry collector, which is told by OTLP over HTTP how long what took "
            "and how it ended; it names nobody, and needs circletime[telemetry].",
            "none",
        ),
        Setting(
            "CIRCLETIME_DEMO",
            "Whether this is the demo, whose people are invented and whose letters are never sent; `make "
            "demo` sets it.",
        ),
    ),
}

BESIDE = {
    "CIRCLETIME_NAME": "compose.yaml",
    "CIRCLETIME_VERSION": "compose.yaml",
    "CIRCLETIME_SECRETS": "compose.yaml",
    "CIRCLETIME_ADDRESS": "compose.yaml",
    "CIRCLETIME_TURN_ADDRESS": "compose.relay.yaml",
    "CIRCLETIME_WHEEL_FOR": "hatch_build.py",
}
"""What only files beside the program read, and where."""


def names() -> list[str]:
    """The name of every setting."""
    return [setting.name for group in GROUPS.values() for setting in group]
