from __future__ import annotations

import logging
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from pydantic import SecretStr

from models.errors import ConfigurationError, StoreError
from serving.secrets import Vault, load_or_create, new_key, new_secret, open_vault, operator_token
from serving.settings import Settings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_goes_in_comes_out_and_does_not_show() -> None:
    vault = Vault(new_key())
    sealed = vault.encrypt(b"token")
    assert vault.decrypt(sealed) == b"token"
    assert b"token" not in sealed
    assert vault.encrypt(b"token") != sealed


@pytest.mark.parametrize("change", [lambda sealed: sealed[:-2] + b"A=", lambda sealed: b"", lambda sealed: b"\xff"])
def test_a_changed_value_is_refused(change: Callable[[bytes], bytes]) -> None:
    vault = Vault(new_key())
    with pytest.raises(StoreError, match="restore the key"):
        vault.decrypt(change(vault.encrypt(b"token")))


def test_another_key_is_refused() -> None:
    sealed = Vault(new_key()).encrypt(b"token")
    with pytest.raises(StoreError, match="does not fit the secret key"):
        Vault(new_key()).decrypt(sealed)
    with pytest.raises(StoreError, match="does not fit the secret key"):
        Vault(new_key()).rotate(sealed)


def test_rotation() -> None:
    old, new = new_key(), new_key()
    sealed = Vault(old).encrypt(b"token")
    both = Vault(f"{new},\n{old}")
    assert both.decrypt(sealed) == b"token"
    assert Vault(new).decrypt(both.rotate(sealed)) == b"token"
    assert Vault(new).decrypt(both.encrypt(b"more")) == b"more"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param(" , ", id="nothing between commas"),
        pytest.param("short", id="too short"),
        pytest.param("ü" * 44, id="not ASCII"),
        pytest.param(f"{new_key()},short", id="a good and a short one"),
    ],
)
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="secret key"):
        Vault(key)


def test_new_secrets_differ() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(bytes.fromhex(secret)) for secret in made} == {32}


def test_load_or_create_keeps_the_first_and_keeps_it_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret.key"
    first = load_or_create(path)
    assert load_or_create(path, lambda: "another") == first
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]


def _from_threads(path: Path) -> set[str]:
    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(lambda _: load_or_create(path), range(16)))


def test_many_processes_get_the_same_secret(tmp_path: Path) -> None:
    path = tmp_path / "api.token"
    with get_context("spawn").Pool(3) as pool:
        seen = set[str]().union(*pool.map(_from_threads, [path] * 6, chunksize=1))
    assert seen == {path.read_text(encoding="utf-8").strip()}
    assert list(tmp_path.iterdir()) == [path]


def test_unusable_files_are_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="empty is empty: delete it"):
        load_or_create(empty)
    with pytest.raises(ConfigurationError, match=r"cannot read or create .*below"):
        load_or_create(empty / "below")


def test_a_file_that_others_may_read_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "mounted"
    path.write_text("abc\n", encoding="utf-8")
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        assert load_or_create(path) == "abc"
    assert "run chmod 600 on it" in caplog.text
    assert "abc" not in caplog.text


def test_keys_of_an_installation_are_made_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    sealed = open_vault(settings).encrypt(b"token")
    assert open_vault(settings).decrypt(sealed) == b"token"
    assert operator_token(settings) == operator_token(settings) == (tmp_path / "api.token").read_text().strip()
    assert mode(tmp_path / "secret.key") == mode(tmp_path / "api.token") == 0o600


def test_keys_from_the_settings_leave_no_file(tmp_path: Path) -> None:
    key = new_key()
    settings = Settings(data_dir=tmp_path, secret_key=SecretStr(key), api_token=SecretStr("t"))
    assert Vault(key).decrypt(open_vault(settings).encrypt(b"token")) == b"token"
    assert operator_token(settings) == "t"
    assert list(tmp_path.iterdir()) == []
