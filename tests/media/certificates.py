"""A certificate for a name, signed by itself, as `openssl req` makes it."""

import subprocess
from pathlib import Path


def certificate(folder: Path, name: str, *, days: int = 30) -> tuple[Path, Path]:
    """The files of a new certificate for `name` and of its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", str(days)]
    command += ["-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key
