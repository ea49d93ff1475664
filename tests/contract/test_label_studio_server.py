"""The harness that other tests and the demo stand on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.label_studio.client import check_token
from models.errors import PlatformUnavailable
from scripts import label_studio
from scripts.label_studio import LabelStudioError, Server
from tests.support.label_studio import RemoteHands

pytestmark = pytest.mark.label_studio
XML = '<View><Text name="t" value="$x"/></View>'


def test_life_of_a_server(tmp_path: Path) -> None:
    server = label_studio.start(tmp_path / "data", username="boss@example.com", token="f" * 40)
    try:
        assert label_studio.listening(server.pid) == {("127.0.0.1", server.port)}
        assert os.getpgid(server.pid) == server.pid
        assert (tmp_path / "data" / label_studio.STATE_FILE).stat().st_mode & 0o077 == 0
        assert label_studio.start(tmp_path / "data").pid == server.pid
        assert check_token(server.url, "f" * 40).email == "boss@example.com"
        hands = RemoteHands(server, XML)
        ids = hands.add_tasks([{"x": "kept"}])

        server.kill9()
        assert not server.alive()
        with pytest.raises(PlatformUnavailable):
            check_token(server.url, server.token)

        server.restart()
        assert hands.admin.get(f"/api/tasks/{ids[0]}/").json()["data"] == {"x": "kept"}
        hands.close()
        found = label_studio.load(tmp_path / "data")
        assert found is not None
        assert (found.pid, found.url, found.token) == (server.pid, server.url, server.token)
        command = [sys.executable, "-m", "scripts.label_studio", "stop", "--data-dir", str(tmp_path / "data")]
        subprocess.run(command, check=True, capture_output=True)
        assert not server.alive()
        assert label_studio.stop(tmp_path / "data") is False
    finally:
        server.stop()


def test_users_and_their_tokens(server: Server) -> None:
    token = label_studio.create_user(server, "ann@example.com", "a long passphrase")
    assert label_studio.create_user(server, "ann@example.com", "a long passphrase") == token
    assert check_token(server.url, token).email == "ann@example.com"
    with pytest.raises(LabelStudioError, match="another password"):
        label_studio.create_user(server, "ann@example.com", "another passphrase")
    assert label_studio.personal_access_token(server) == label_studio.personal_access_token(server) != server.token


def test_a_busy_port_is_an_error(server: Server, tmp_path: Path) -> None:
    """Label Studio itself would move to the next port."""
    with pytest.raises(LabelStudioError, match=f"port {server.port} is in use"):
        label_studio.start(tmp_path / "data", server.port)


def test_missing_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRELABEL_LABEL_STUDIO_VENV", str(tmp_path))
    with pytest.raises(LabelStudioError, match="make setup"):
        label_studio.start(tmp_path / "data")
