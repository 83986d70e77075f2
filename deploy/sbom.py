"""What an installation is made of, as CycloneDX, from the locks and from the built programs themselves.

Four lists, in var/sbom: the Python packages (uv.lock), what the browser gets (package-lock.json), and the Go
modules in the media server and in the recorder. Each is the same to the last byte for the same locks, so that
a wheel that has them in it is, too. `make sbom` calls this.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "var" / "sbom"
GOMOD = "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0"


def lists(uv: str, programs: Path) -> dict[str, list[str]]:
    """By name, the command that says it."""
    go = [sys.executable, "media/build.py", "go", "run", GOMOD]
    of_program = [*go, "bin", "-json", "-std", "-output-version", "1.5"]
    return {
        "python": [
            *(uv, "export", "--quiet", "--frozen", "--no-dev", "--all-extras"),
            *("--format", "cyclonedx1.5", "--preview-features", "sbom-export"),
        ],
        "browser": [
            *("npm", "--prefix", "room", "sbom", "--sbom-format", "cyclonedx"),
            *("--omit", "dev", "--package-lock-only"),
        ],
        "livekit-server": [*of_program, str(programs / "livekit-server")],
        "recorder": [*of_program, str(programs / "recorder")],
    }


def tidy(text: str) -> str:
    """The list without what differs each time: its number, when, and how its maker was compiled."""
    found = json.loads(text)
    found.pop("serialNumber", None)
    found["metadata"].pop("timestamp", None)
    for tool in found["metadata"]["tools"]:
        tool.pop("hashes", None)
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def write(uv: str, programs: Path, out: Path) -> list[Path]:
    """Write all lists into `out`; answers their paths."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, command in lists(uv, programs).items():
        said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        path = out / f"{name}.cdx.json"
        path.write_text(tidy(said))
        written.append(path)
    return written


def main() -> None:
    """`python -m deploy.sbom UV`."""
    for path in write(sys.argv[1], ROOT / "var" / "bin", OUT):
        count = len(json.loads(path.read_text()).get("components", []))
        print(f"{path.relative_to(ROOT)}: {count} packages")


if __name__ == "__main__":
    main()
