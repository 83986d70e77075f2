"""Firefox, driven through WebDriver BiDi, which it speaks itself: a few lines in place of a driver program.

Its fake microphone is one tone, at a person's pitch; its fake camera is a square that changes colour. Where
there is no loudspeaker it plays nothing at all, so it has a PulseAudio of its own that plays into the void.
"""

import itertools
import json
import os
import re
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from circletime.media.processes import die_with_parent
from tests.harness import LISTEN, PITCHES, ROOT, SEE, nearest, wait_for

PREFS = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.autoplay.block-webaudio": False,
    # A steady tone is what these take away.
    "media.getusermedia.audio.processing.noise.enabled": False,
    "media.getusermedia.audio.processing.aec.enabled": False,
    "media.getusermedia.audio.processing.agc.enabled": False,
    # Nothing that it does by itself: updates, lists of bad addresses, experiments.
    "app.update.disabledForTesting": True,
    "app.normandy.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
}


class Firefox:
    """One window, in a folder of its own, of somebody who sounds at the pitch of `who`."""

    def __init__(self, folder: Path, who: str) -> None:
        subprocess.run(["sh", ROOT / "tests/install-browsers.sh", "firefox-esr", "pulseaudio"], check=True)
        self.who = who
        profile = folder / f"firefox-{PITCHES[who]}"
        profile.mkdir()
        prefs = PREFS | {"media.navigator.audio.fake_frequency": PITCHES[who]}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in prefs.items()]
        (profile / "user.js").write_text("\n".join(lines))
        speaker = Path(tempfile.mkdtemp(prefix="ct-")) / "sound"  # a socket's path has to be short
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        command += [
            "--load=module-null-sink",
            f"--load=module-native-protocol-unix socket={speaker} auth-anonymous=1",
        ]
        env = os.environ | {
            "PULSE_SERVER": f"unix:{speaker}",
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(speaker.parent),
        }
        self._sound = subprocess.Popen(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        wait_for(speaker.exists, 10, "a loudspeaker is there")
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", str(profile)]
        command += ["--remote-debugging-port", "0", "about:blank"]
        said = profile / "said"
        with said.open("wb") as out:
            self._process = subprocess.Popen(
                command, env=env, stdout=out, stderr=out, preexec_fn=die_with_parent
            )
        found = wait_for(
            lambda: re.search(r"BiDi listening on (ws://\S+)", said.read_text()), 60, "Firefox listens"
        )
        self._open = ExitStack()
        self._line = self._open.enter_context(
            connect(f"{found[1]}/session", max_size=None, ping_interval=None)
        )
        self._numbers = itertools.count(1)
        told = self._ask("session.new", capabilities={})
        self.version: str = told["capabilities"]["browserVersion"]
        self._window: str = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def close(self) -> None:
        self._open.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._sound.kill()
        self._sound.wait()

    def goto(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self._ask("browsingContext.navigate", context=self._window, url=url, wait="complete")

    def evaluate(self, function: str) -> Any:
        """What a function in the page answers, as JSON carries it."""
        told = self._ask(
            "script.callFunction",
            functionDeclaration=f"async () => JSON.stringify((await ({function})()) ?? null)",
            target={"context": self._window},
            awaitPromise=True,
            userActivation=True,
        )
        assert told["type"] == "success", told
        return json.loads(told["result"]["value"])

    def press(self, name: str) -> None:
        """Press the button of this name, once it is there and may be pressed."""
        pressed = f"""() => {{
          const one = [...document.querySelectorAll("button")].find((one) => !one.disabled &&
            (one.ariaLabel ?? one.textContent).trim() === {json.dumps(name)} && one.checkVisibility());
          one?.click();
          return Boolean(one);
        }}"""
        wait_for(lambda: self.evaluate(pressed), 20, f"{name} can be pressed")

    def fill(self, **fields: str | bool) -> None:
        """Fill the fields of these names in; True ticks one."""
        for name, value in fields.items():
            what = "one.checked = true" if value is True else f"one.value = {json.dumps(value)}"
            self.evaluate(f"""() => {{
              const one = document.querySelector("[name={name}]");
              {what};
              one.dispatchEvent(new Event("input", {{ bubbles: true }}));
              one.dispatchEvent(new Event("change", {{ bubbles: true }}));
            }}""")

    def seen(self) -> dict[str, str | None]:
        """Each tile's name, and whose colour its picture really has (None without a picture)."""
        tiles = self.evaluate(SEE).items()
        return {label: nearest(pixel) if pixel else None for label, pixel in tiles}

    def heard(self, milliseconds: int = 900) -> set[str]:
        """Whose voices really sound here."""
        script = LISTEN.replace("__PITCHES__", json.dumps(PITCHES)).replace("__MS__", str(milliseconds))
        levels = self.evaluate(script)
        return {who for who, level in levels.items() if level is not None and level > -40.0}

    def _ask(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        end = time.monotonic() + 60
        while True:
            told = json.loads(self._line.recv(timeout=max(0.0, end - time.monotonic())))
            if told.get("id") == number:
                assert told["type"] == "success", told
                return told["result"]
