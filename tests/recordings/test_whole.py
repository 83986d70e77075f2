"""A real meeting, recorded, filmed and watched by real browsers, with parts of it killed on the way."""

import os
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.harness import (
    DESKTOP,
    ROOT,
    Installation,
    installation,
    knock,
    nearest,
    person,
    sign_in,
    start_meeting,
    wait_for,
)
from tests.recordings.plant import colour_at

pytestmark = [pytest.mark.media, pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.soak]

LOOK = "from circletime.recordings.models import Recording; r = Recording.objects.get({}); print({})"
PIXEL = """
async ([x, y]) => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  canvas.width = 1280; canvas.height = 720;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  brush.drawImage(video, 0, 0, 1280, 720);
  return [...brush.getImageData(x, y, 1, 1).data.slice(0, 3)];
}
"""
SEEK = """
async (second) => {
  const video = document.querySelector("video");
  const began = performance.now();
  const done = new Promise((ok) => video.addEventListener("seeked", ok, { once: true }));
  video.currentTime = second;
  await done;
  return performance.now() - began;
}
"""
READY = """
async () => {
  const video = document.querySelector("video");
  const loaded = new Promise((ok) => video.addEventListener("loadeddata", ok, { once: true }));
  if (video.readyState < 2) await loaded;
  return [video.duration, performance.now()];
}
"""


@pytest.fixture(scope="module")
def browsers(playwright: Playwright) -> Playwright:
    return playwright


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory):
    with installation(tmp_path_factory.mktemp("whole") / "var") as one:
        yield one


def told(at: Installation, what: str, which: str = "") -> str:
    return at.python(LOOK.format(which, what))


def watch(page: Page, at: Installation, public_id: str) -> None:
    """Give the reason, and wait until the first picture is there."""
    page.goto(f"{at.url}/recordings/{public_id}/")
    page.get_by_role("textbox", name="Why are you watching?").fill("To see that it works")
    page.get_by_role("button", name="Watch").click()
    page.wait_for_selector("video")


def film_process(at: Installation) -> int | None:
    """The maker of a film, if one runs: a child of this installation's worker."""
    worker = at.pid("worker")
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if f"PPid:\t{worker}\n" in status.read_text():
                if b"circletime.recordings.film" in (status.parent / "cmdline").read_bytes():
                    return int(status.parent.name)
        except OSError:
            continue
    return None


def test_a_long_film_plays_and_seeks_in_chromium(browsers: Playwright, at: Installation):
    seconds = 180
    name = at.python(f"from tests.recordings.plant import plant; print(plant({seconds}))")
    which = f"public_id={name!r}"
    old = wait_for(lambda: film_process(at), 30, "a film is begun")
    os.kill(old, signal.SIGKILL)
    time.sleep(1)
    assert told(at, "r.films.get().state", which) == "making"  # the claim stands until it runs out
    at.python(
        "from circletime.recordings.models import Film; from datetime import timedelta; "
        "from circletime.core import time; "
        f"Film.objects.filter(recording__{which}).update(claimed_until=time.now() - timedelta(seconds=1))"
    )
    slt = person(browsers, at.var, "teacher", size=DESKTOP)
    try:
        sign_in(slt, at, "slt")
        slt.page.get_by_role("link", name="Recordings").click()
        table = slt.page.get_by_role("table", name="Recordings")
        assert "will be destroyed on" in table.inner_text()
        watch_while_made(slt.page, at, name)
        duration, _ = slt.page.evaluate(READY)
        assert abs(duration - seconds) < 1
        took = []
        for second in (95, 12, 171.5, 44, 133):
            took.append(slt.page.evaluate(SEEK, second))
            pixel = slt.page.evaluate(PIXEL, [640, 300])
            assert nearest_colour(pixel) == colour_at(second), (second, pixel)
        print(f"seeks: {[round(each) for each in took]} ms")
        assert sorted(took)[len(took) // 2] < 1500
        slt.page.get_by_role("link", name="Amara had a turn").click()
        assert abs(slt.page.evaluate("document.querySelector('video').currentTime") - 95) < 1
        wait_for(
            lambda: slt.page.evaluate("document.querySelector('video').currentTime") > 96, 10, "it plays on"
        )
        assert slt.page.locator(".recording-marks").first.inner_text().startswith("Ms Abara")
        assert not slt.troubles
    finally:
        slt.close()


def watch_while_made(page: Page, at: Installation, name: str) -> None:
    """The page shows how far the film is, and becomes the player by itself."""
    page.goto(f"{at.url}/recordings/{name}/")
    page.get_by_role("textbox", name="Why are you watching?").fill("To see that it works")
    page.get_by_role("button", name="Watch").click()
    page.wait_for_selector("progress, video")
    page.wait_for_selector("video", timeout=90_000)


def nearest_colour(pixel: list[int]) -> tuple[int, int, int]:
    from tests.recordings.plant import COLOURS

    return min(COLOURS, key=lambda one: sum(abs(a - b) for a, b in zip(one, pixel, strict=True)))


def test_a_real_meeting_survives_its_recorder_and_its_media_server(browsers: Playwright, at: Installation):
    teacher = person(browsers, at.var, "teacher", size=DESKTOP)
    amara = person(browsers, at.var, "Amara")
    mine = "meeting__ended_at=None"
    try:
        sign_in(teacher, at, "teacher")
        start_meeting(teacher, at)
        knock(amara, at, "Amara")
        teacher.page.get_by_role("button", name="Admit Amara").click()
        time.sleep(4)
        name = told(at, "r.public_id", mine)
        mine = f"public_id={name!r}"
        assert told(at, "r.state, r.segment", mine) == "recording 1"

        at.kill("recorder")
        wait_for(
            lambda: told(at, "r.state, r.segment, r.meeting.recording", mine) == "recording 2 on", 12, "again"
        )
        time.sleep(3)
        at.kill("worker")
        at.kill("media")
        wait_for(
            lambda: told(at, "r.state, int(r.segment) > 2, r.meeting.recording", mine) == "recording True on",
            25,
            "a segment after the media server came back",
        )
        time.sleep(5)
        teacher.page.get_by_role("button", name="End meeting").click()
        teacher.page.get_by_role("button", name="End now").click()
        wait_for(lambda: told(at, "r.films.get().state", mine) == "ready", 60, "the film")
    finally:
        amara.close()
        teacher.close()
    verified = at.run("vault", "verify")
    assert verified.returncode == 0, verified.stdout
    assert "0 damaged or missing" in verified.stdout

    slt = person(browsers, at.var, "teacher", size=DESKTOP)
    try:
        sign_in(slt, at, "slt")
        watch(slt.page, at, name)
        duration, _ = slt.page.evaluate(READY)
        seen: set[str] = set()
        for second in range(2, int(duration)):
            slt.page.evaluate(SEEK, second)
            for x in range(100, 1280, 180):
                seen.add(nearest(slt.page.evaluate(PIXEL, [x, 400])))
            if {"teacher", "Amara"} <= seen:
                break
        assert {"teacher", "Amara"} <= seen
    finally:
        slt.close()

    clear = [
        b"matroska",
        b"V_VP8",
        b"OpusHead",
        b"A_OPUS",
        b"started_ms",
        b"Amara",
        b"moov",
        b"avc1",
        b"ftyp",
    ]
    for path in (at.var / "vault").rglob("*.ctv"):
        raw = path.read_bytes()
        assert not any(tale in raw for tale in clear), path
    logs = "".join(path.read_text() for path in (at.var / "log").glob("*.log"))
    assert "Amara" not in logs
    assert ROOT.exists()
