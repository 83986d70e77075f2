"""A real S3-compatible server (versitygw), whose bucket is a folder that a test may look into and break."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from botocore.config import Config

from config import env
from tests.harness import ROOT, free_ports, wait_for

BUCKET = "recordings"
ACCOUNT = {"CIRCLETIME_S3_ID": "larkfield", "CIRCLETIME_S3_SECRET": "a-secret-of-the-tests"}


@dataclass
class Server:
    """Listens at one port for all its life, however often it is killed."""

    folder: Path
    versions: bool = False
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bucket(self) -> Path:
        """What the server has on its disk."""
        return self.folder / "data" / BUCKET

    @property
    def env(self) -> dict[str, str]:
        """What an installation is told."""
        return ACCOUNT | {"CIRCLETIME_S3_BUCKET": BUCKET, "CIRCLETIME_S3_URL": self.url}

    def start(self) -> None:
        command = [str(ROOT / "var/bin/versitygw"), "--quiet", "--port", f"127.0.0.1:{self.port}"]
        command += ["--access", ACCOUNT["CIRCLETIME_S3_ID"], "--secret", ACCOUNT["CIRCLETIME_S3_SECRET"]]
        command += ["posix", *(["--versioning-dir", str(self.folder / "old")] if self.versions else [])]
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        (self.folder / "old").mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, str(self.folder / "data")], stdout=log, stderr=subprocess.STDOUT
            )
        wait_for(self._answers, 20, "the store answers")

    def kill(self) -> None:
        """As a power cut does it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """It takes connections and says nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        threads = Path(f"/proc/{self.process.pid}/task")
        stopped = lambda: all(") T" in (one / "stat").read_text() for one in threads.iterdir())  # noqa: E731
        wait_for(stopped, 60, "all its threads stand still")

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def files(self) -> list[str]:
        """Every file in the bucket, and what is kept of older versions, as the disk has them."""
        found = [*self.bucket.rglob("*"), *(self.folder / "old").rglob("*")]
        return sorted(str(path.relative_to(self.folder)) for path in found if path.is_file())

    def client(self):  # type: ignore[no-untyped-def]
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ACCOUNT["CIRCLETIME_S3_ID"],
            aws_secret_access_key=ACCOUNT["CIRCLETIME_S3_SECRET"],
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=2).close()
        except urllib.error.HTTPError:
            return True
        return False


@contextmanager
def serving(folder: Path, *, versions: bool = False) -> Iterator[Server]:
    """Start a server with an empty bucket; build it first where it was not (once, about a minute)."""
    subprocess.run([sys.executable, ROOT / "media/build.py", "s3"], check=True)
    server = Server(folder, versions, free_ports(1))
    server.start()
    try:
        client = server.client()
        client.create_bucket(Bucket=BUCKET)
        if versions:
            client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield server
    finally:
        server.kill()


def storages(server: Server, **more: object) -> dict[str, object]:
    """The setting STORAGES as `config.settings` makes it, with short patience."""
    given = {name: os.environ.get(name) for name in ACCOUNT}
    os.environ.update(ACCOUNT)
    try:
        options = env.bucket(BUCKET, server.url)
    finally:
        for name, value in given.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    options["client_config"] = options["client_config"].merge(
        Config(read_timeout=4, retries={"mode": "standard", "total_max_attempts": 1})
    )
    return {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        "vault": {"BACKEND": "circletime.recordings.bucket.Bucket", "OPTIONS": options | more},
    }
