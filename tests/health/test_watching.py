"""How Circletime looks to a program that watches it (alive, ready, figures), and to strangers: no more."""

import os
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families

from circletime.core import measure, time
from circletime.health import figures, tasks
from circletime.health.checks.every import Check
from circletime.health.models import Beat
from circletime.health.rules.finding import Finding, Subject
from circletime.meetings.actions import floor
from circletime.notices.actions import enqueue
from circletime.notices.models import Letter
from circletime.notices.rules import Kind
from circletime.pages.views import health
from circletime.recordings.actions import capture
from circletime.recordings.models import Recording
from circletime.recordings.recorder import RecorderUnavailable
from tests.recordings.school import make_meeting
from tests.signing import sign_in
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
STRANGER = "203.0.113.7"


@pytest.fixture(autouse=True)
def noon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "now", lambda: world.now)
    monkeypatch.setattr(capture, "recorder", lambda: SimpleNamespace(list=dict))
    health._findings.forget()


def ask(name: str, *, token: str = "", of: str = STRANGER, **headers: str) -> Any:
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return Client().get(reverse(name), REMOTE_ADDR=of, headers=headers)


@pytest.fixture
def token(settings: Any) -> str:
    settings.HTTPS, settings.WATCH_TOKEN = True, "an-invented-token-of-a-watcher"
    return settings.WATCH_TOKEN


class TestAlive:
    def test_whoever_asks_hears_that_the_process_lives(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            answer = ask("healthz")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow" and "no-store" in answer["Cache-Control"]
        assert not answer.cookies


class TestReady:
    def test_all_that_a_meeting_needs_is_there(self, alive: World, token: str) -> None:
        answer = ask("readyz")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        parts = ask("readyz", token=token).json()["parts"]
        assert sorted(parts) == ["database", "media", "recording", "worker"]
        assert all(part["ok"] and part["says"].endswith(".") for part in parts.values())

    @pytest.mark.parametrize("part", ["database", "worker", "media", "recording"])
    def test_one_of_them_is_not(
        self, part: str, alive: World, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*args: object, **kwargs: object) -> None:
            raise OperationalError("disk I/O error")

        def silent() -> None:
            raise RecorderUnavailable("The recorder is not answering.")

        if part == "database":
            monkeypatch.setattr(Beat.objects, "update_or_create", fails)
        elif part == "worker":
            alive.now += timedelta(seconds=16)
        elif part == "media":
            alive.media.failing = True
        else:
            monkeypatch.setattr(capture, "recorder", lambda: SimpleNamespace(list=silent))
        answer = ask("readyz")
        assert (answer.status_code, answer.json()) == (503, {"ok": False}), "a stranger hears no more"
        told = ask("readyz", token=token)
        assert told.status_code == 503
        assert [name for name, one in told.json()["parts"].items() if not one["ok"]] == [part]

    def test_nobody_makes_us_write_by_asking_often(self, alive: World) -> None:
        for _ in range(5):
            ask("readyz")
        assert Beat.objects.get().tried_at == alive.now
        before = alive.now
        alive.now += timedelta(seconds=1.9)
        ask("readyz")
        assert Beat.objects.get().tried_at == before
        alive.now += timedelta(seconds=0.2)
        ask("readyz")
        assert Beat.objects.get().tried_at == alive.now


class TestWhoWatches:
    def test_the_token_and_nothing_like_it(self, token: str) -> None:
        assert ask("metrics", token=token).status_code == 200
        for wrong in ("", token[:-1], token + "x", token.upper()):
            assert ask("metrics", token=wrong).status_code == 404
        assert ask("metrics", Authorization=token).status_code == 404
        assert ask("metrics", Authorization=f"Basic {token}").status_code == 404

    def test_this_machine_as_long_as_nobody_else_could_be_meant(self, settings: Any) -> None:
        settings.HTTPS = False
        assert ask("metrics", of="127.0.0.1").status_code == 200
        assert ask("metrics", of="::1").status_code == 200
        assert ask("metrics").status_code == 404
        settings.HTTPS = True  # a proxy stands before us, and every request may come from this machine
        assert ask("metrics", of="127.0.0.1").status_code == 404

    def test_a_member_of_staff_is_a_stranger_too(self, world: World) -> None:
        client = Client(REMOTE_ADDR=STRANGER)
        sign_in(client, world.staff["headteacher"])
        assert client.get(reverse("metrics")).status_code == 404


def figures_now(token: str) -> dict[str, dict[tuple[str, ...], float]]:
    answer = ask("metrics", token=token)
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/plain")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


class TestFigures:
    def test_meetings_and_people(self, alive: World, token: str, django_assert_max_num_queries: Any) -> None:
        with django_assert_max_num_queries(15):
            quiet = figures_now(token)
        assert quiet["circletime_meetings"] == {("open",): 0, ("live",): 0, ("frozen",): 0}
        assert set(quiet["circletime_people"]) == {("host",), ("staff",), ("adult",), ("pupil",)}
        meeting, host = alive.live()
        alive.come_in(meeting, host, "Amara")
        alive.come_in(meeting, host, "Ben")
        waits = alive.knock(meeting, "Chloé")
        type(waits).objects.filter(pk=waits.pk).update(seen_at=alive.now)
        gone = alive.knock(meeting, "D'Arcy")
        type(gone).objects.filter(pk=gone.pk).update(seen_at=alive.now - timedelta(minutes=1))
        busy = figures_now(token)
        assert busy["circletime_meetings"][("live",)] == 1
        assert busy["circletime_people"][("pupil",)] == 2 and busy["circletime_people"][("host",)] == 1
        assert busy["circletime_waiting"][()] == 1
        assert busy["circletime_gate_relays"][()] == 3
        assert busy["circletime_meetings_unrecorded"][()] == 0
        type(meeting).objects.filter(pk=meeting.pk).update(recording="lost")
        assert figures_now(token)["circletime_meetings_unrecorded"][()] == 1

    def test_turns_are_counted_whichever_process_gave_them(
        self, alive: World, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting, host = alive.live()
        amara = alive.come_in(meeting, host, "Amara")
        before = figures_now(token)["circletime_floor_changes_total"][()]
        floor.give_turn(by=host, seat_id=amara.public_id, now=alive.now)
        floor.end_turn(by=host, now=alive.now)
        assert figures_now(token)["circletime_floor_changes_total"][()] == before + 2
        assert figures_now(token)["circletime_floor_changes_total"][()] == before + 2, "each is counted once"

    def test_a_new_process_counts_from_nothing(self, alive: World) -> None:
        meeting, host = alive.live()
        amara = alive.come_in(meeting, host, "Amara")
        floor.give_turn(by=host, seat_id=amara.public_id, now=alive.now)
        done = figures.Done()
        assert done.read()["circletime_floor_changes"] == 0
        floor.end_turn(by=host, now=alive.now)
        assert done.read()["circletime_floor_changes"] == 1

    def test_letters(self, alive: World, token: str) -> None:
        for number, stands in enumerate(("waiting", "sending", "failed", "sent")):
            made = enqueue(
                to=f"a{number}@home.example",
                subject="Come",
                text="Dear parent",
                kind=Kind.MEETING,
                about="meeting:x",
                by="test",
                now=alive.now,
            )
            Letter.objects.filter(pk=made.pk).update(state=stands, sent_at=alive.now)
        later = Letter.objects.earliest("pk")
        assert figures_now(token)["circletime_letters"] == {("due",): 2, ("later",): 0, ("failed",): 1}
        Letter.objects.filter(pk=later.pk).update(due_at=alive.now + timedelta(hours=1))
        assert figures_now(token)["circletime_letters"] == {("due",): 1, ("later",): 1, ("failed",): 1}

    def test_what_is_overdue_and_how_old_things_are(self, alive: World, token: str) -> None:
        assert figures_now(token)["circletime_destruction_oldest_due_seconds"][()] == 0
        Recording.objects.create(
            meeting=make_meeting(alive.staff),
            wrapped_key=b"k",
            made_at=alive.now - timedelta(days=32),
            destroy_on=alive.now.date() - timedelta(days=2),
            state="stopped",
        )
        alive.now += timedelta(seconds=30)
        found = figures_now(token)
        assert found["circletime_destruction_oldest_due_seconds"][()] == 2.5 * 86_400 + 30
        assert found["circletime_worker_heartbeat_age_seconds"][()] == 30
        assert found["circletime_disk_free_bytes"][()] > 0
        assert "circletime_certificate_days" not in found and "circletime_backup_age_seconds" not in found

    def test_checks_and_the_certificate(self, alive: World, token: str) -> None:
        ends = (alive.now + timedelta(days=60)).timestamp()
        checks = [
            Check(Subject.CERTIFICATE, lambda now: Finding(Subject.CERTIFICATE, True, "Fine.", "", ends)),
            Check(Subject.DISK, lambda now: Finding(Subject.DISK, False, "Full.")),
        ]
        tasks.look_around(alive.now, checks)
        found = figures_now(token)
        assert found["circletime_check_ok"] == {("certificate",): 1, ("disk",): 0}
        assert found["circletime_certificate_days"][("certificate",)] == pytest.approx(60)

    def test_a_database_that_is_away_is_a_figure_too(
        self, alive: World, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert figures_now(token)["circletime_database_up"][()] == 1

        def away(now: object) -> None:
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr(figures, "_people", away)
        found = figures_now(token)
        assert found["circletime_database_up"][()] == 0 and "circletime_meetings" not in found

    def test_no_figure_names_anybody(self, alive: World, token: str) -> None:
        meeting, host = alive.live()
        alive.come_in(meeting, host, "Amara")
        told = ask("metrics", token=token).content.decode()
        for name in ("Amara", host.label, meeting.public_id, meeting.room, alive.oak.name, host.public_id):
            assert name not in told


MEASURES = """
from circletime.core.measure import ACTION_SECONDS, RELAYED_UP
ACTION_SECONDS.labels("hand").observe(0.02)
RELAYED_UP.observe(0.002)
"""


def test_what_several_processes_measured_is_told_by_any(tmp_path: Path) -> None:
    """Two that are gone again, and one that is asked and measured nothing itself."""
    asked = "from circletime.core import measure; print(generate_latest(measure.registry()).decode())"
    begun = "import pathlib; from circletime.core import measure; "
    begun += f"measure.begin(pathlib.Path({str(tmp_path)!r}))"
    env = {name: value for name, value in os.environ.items() if name != measure.FOLDER}
    run = partial(subprocess.run, cwd=ROOT, capture_output=True, text=True, check=True)
    run([sys.executable, "-c", begun], env=env)
    env[measure.FOLDER] = str(tmp_path)
    for _ in range(2):
        run([sys.executable, "-c", MEASURES], env=env)
    told = run(
        [sys.executable, "-c", f"from prometheus_client import generate_latest; {asked}"], env=env
    ).stdout
    assert 'circletime_action_seconds_count{action="hand"} 2.0' in told
    assert 'circletime_gate_relay_seconds_bucket{direction="up",le="0.0025"} 2.0' in told
    run([sys.executable, "-c", begun], env=env)
    told = run(
        [sys.executable, "-c", f"from prometheus_client import generate_latest; {asked}"], env=env
    ).stdout
    assert 'action="hand"' not in told, "a new start counts from nothing"
