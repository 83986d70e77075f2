"""Where the media servers are, and the relay: what is written for LiveKit, and the sentence for a mistake."""

import ipaddress
import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from circletime.media.config import Relay, ServerPlan, write_livekit_config
from config import env
from config.env import BadSetting
from tests.media.certificates import certificate

ROOT = Path(__file__).resolve().parents[2]
PLAN = ServerPlan(7880, 7881, 7882, "192.0.2.7", "key", "s" * 40, "http://127.0.0.1:8000/hooks/livekit")


def settings(patch: pytest.MonkeyPatch, **given: str) -> dict[str, Any]:
    """The settings as the program reads them."""
    for name, value in given.items():
        patch.setenv(f"CIRCLETIME_{name}", value)
    return runpy.run_path(str(ROOT / "config" / "settings.py"))


def written(folder: Path, plan: ServerPlan) -> dict[str, Any]:
    """What LiveKit is told."""
    write_livekit_config(folder / "livekit.json", plan)
    assert (folder / "livekit.json").stat().st_mode & 0o777 == 0o600
    told: dict[str, Any] = json.loads((folder / "livekit.json").read_text())
    return told


def test_alone_it_starts_its_own_and_tells_it_of_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = settings(monkeypatch)
    assert found["LIVEKIT_URLS"] == [f"http://127.0.0.1:{found['LIVEKIT_PORT']}"]
    assert found["LIVEKIT_ELSEWHERE"] == [] and found["TURN"] is None
    told = written(tmp_path, PLAN)
    assert told["bind_addresses"] == ["127.0.0.1"]
    assert told["turn"] == {"enabled": False} and "redis" not in told


def test_several_nodes_are_a_list_with_their_key(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = "https://one.larkfield.example, http://192.168.4.2:7880/"
    found = settings(monkeypatch, LIVEKIT_URL=urls, LIVEKIT_KEY="larkfield", LIVEKIT_SECRET="s" * 40)
    assert found["LIVEKIT_URLS"] == ["https://one.larkfield.example", "http://192.168.4.2:7880"]
    assert (found["LIVEKIT_KEY"], found["LIVEKIT_SECRET"]) == ("larkfield", "s" * 40)
    for missing in ("LIVEKIT_KEY", "LIVEKIT_SECRET"):
        with monkeypatch.context() as patch, pytest.raises(BadSetting, match=f"{missing} is not"):
            settings(patch, **{missing: ""})


@pytest.mark.parametrize(
    "bad", ["one.larkfield.example", "http://one.larkfield.example", "ws://10.0.0.1", "https://"]
)
def test_names_and_tokens_do_not_travel_in_the_clear(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="must begin with https://"):
        settings(monkeypatch, LIVEKIT_URL=bad, LIVEKIT_KEY="k", LIVEKIT_SECRET="s" * 40)


def test_a_node_shares_its_rooms_through_redis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = "rediss://media:p%40ss@10.0.0.3:6380/2"
    assert settings(monkeypatch, LIVEKIT_REDIS=address)["LIVEKIT_REDIS"] == address
    assert written(tmp_path, replace(PLAN, redis=address, listen="10.0.0.4"))["redis"] == {
        "address": "10.0.0.3:6380",
        "username": "media",
        "password": "p@ss",
        "db": 2,
        "use_tls": True,
    }
    assert written(tmp_path, replace(PLAN, redis=address))["api"]["enable_psrpc_for_get_list_participants"]


@pytest.mark.parametrize(
    "bad", ["10.0.0.3:6379", "http://10.0.0.3", "redis://", "redis://h:port", "redis://h/name"]
)
def test_a_redis_that_cannot_be_read_is_a_sentence(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="it must be like redis://"):
        settings(monkeypatch, LIVEKIT_REDIS=bad)


@pytest.mark.parametrize("bad", ["livekit", "::1", "300.1.1.1"])
def test_an_address_that_is_none_is_a_sentence(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODE_IP", "LIVEKIT_LISTEN"):
        with monkeypatch.context() as patch, pytest.raises(BadSetting, match=f"{name} is"):
            settings(patch, **{name: bad})


def test_the_relay_takes_people_to_the_media_server_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = "turn.larkfield.example"
    cert, key = certificate(tmp_path, name)
    found = settings(monkeypatch, TURN_DOMAIN=name.upper(), TURN_CERT=str(cert), TURN_KEY=str(key))
    assert found["TURN"] == Relay(name, cert, key, 5349)
    for node in ("192.0.2.7", "10.1.2.3", "127.0.0.1"):
        told = written(tmp_path, replace(PLAN, node_ip=node, relay=found["TURN"]))["turn"]
        assert (told["domain"], told["tls_port"], told["enabled"]) == (name, 5349, True)
        assert told["allow_restricted_peer_cidrs"] == [f"{node}/32"]
        denied = [ipaddress.ip_network(net) for net in told["deny_peer_cidrs"]]
        here = ipaddress.ip_address(node)
        assert not any(here in net for net in denied)
        for other in (
            here - 1,
            here + 1,
            *map(ipaddress.ip_address, ("8.8.8.8", "169.254.169.254", "0.0.0.0")),
        ):
            assert any(other in net for net in denied), other


def test_beside_media_servers_elsewhere_the_relays_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    where = {"LIVEKIT_URL": "https://one.larkfield.example", "LIVEKIT_KEY": "k", "LIVEKIT_SECRET": "s" * 40}
    found = settings(monkeypatch, TURN_DOMAIN="turn.larkfield.example", **where)
    assert (found["TURN_DOMAIN"], found["TURN"]) == ("turn.larkfield.example", None)


class TestARelayThatCannotRunIsASentence:
    @pytest.mark.parametrize(
        "bad", ["turn", "turn.example:443", "https://turn.example", "-a.example", "1.2.3.4"]
    )
    def test_its_name(self, bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(BadSetting, match="it must be a name like"):
            settings(monkeypatch, TURN_DOMAIN=bad)

    def test_what_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with (
            monkeypatch.context() as patch,
            pytest.raises(BadSetting, match="CERT and CIRCLETIME_TURN_KEY is not"),
        ):
            settings(patch, TURN_DOMAIN="turn.larkfield.example")
        for name in ("TURN_CERT", "TURN_KEY", "TURN_PORT"):
            with monkeypatch.context() as patch, pytest.raises(BadSetting, match="TURN_DOMAIN is not"):
                settings(patch, **{name: "5349"})

    def test_a_certificate_that_does_not_fit(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
        cert, key = certificate(tmp_path / "a", "turn.larkfield.example")
        _, other = certificate(tmp_path / "b", "turn.larkfield.example")
        monkeypatch.setenv("CIRCLETIME_TURN_CERT", str(cert))
        for wrong in (other, cert, tmp_path / "none.pem", tmp_path):
            monkeypatch.setenv("CIRCLETIME_TURN_KEY", str(wrong))
            with pytest.raises(BadSetting, match="fit each other"):
                env.turn("turn.larkfield.example")
        monkeypatch.setenv("CIRCLETIME_TURN_KEY", str(key))
        assert env.turn("turn.larkfield.example")

    @pytest.mark.parametrize("bad", ["0", "70000", "https"])
    def test_its_port(self, bad: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        cert, key = certificate(tmp_path, "turn.larkfield.example")
        given = {"TURN_CERT": str(cert), "TURN_KEY": str(key), "TURN_PORT": bad}
        with pytest.raises(BadSetting, match="CIRCLETIME_TURN_PORT is"):
            settings(monkeypatch, TURN_DOMAIN="turn.larkfield.example", **given)
