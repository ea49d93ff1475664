from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr
from ray.serve.schema import ServeDeploySchema

from models.errors import ConfigurationError
from serving.settings import DEFAULT_CONFIG, PREFIX, Settings

ROOT = Path(__file__).parents[3]
FILE = ROOT / DEFAULT_CONFIG


@pytest.fixture(autouse=True)
def clean_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_and_the_class_have_the_same_keys_and_defaults() -> None:
    in_file = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert in_file.keys() == Settings.model_fields.keys()
    assert Settings.load(FILE) == Settings()
    defaults = {key: field.default for key, field in Settings.model_fields.items()}
    as_yaml = {
        key: str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        for key, value in defaults.items()
    }
    assert in_file == as_yaml


def test_every_comment_states_a_unit_and_the_default_that_holds() -> None:
    text = FILE.read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    stated = {key: default for default, key in re.findall(r"^# Unit: .+\. Default: (.+)\n(\w+):", text, re.M)}
    assert stated.keys() == values.keys()
    assert {key: yaml.safe_load(f'"{text}"' if "{" in text else text) for key, text in stated.items()} == values


def test_every_key_is_documented_in_the_class() -> None:
    assert [key for key, field in Settings.model_fields.items() if not field.description] == []


def test_without_a_file_the_defaults_hold_and_paths_are_absolute(clean_place: Path) -> None:
    settings = Settings.load()
    assert settings.data_dir == clean_place / "var/prelabel"
    assert settings.store_url == f"sqlite:///{clean_place}/var/prelabel/prelabel.db"
    assert settings.model_dir == clean_place / "var/prelabel/models"
    assert settings.media_cache_dir == clean_place / "var/prelabel/media"
    assert settings.public_url == "http://127.0.0.1:8900"


def test_argument_beats_environment_beats_file(clean_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(clean_place / "my.yaml", "port: 1111\nchunk_size: 11\nlease_s: 11\n")
    monkeypatch.setenv("PRELABEL_CHUNK_SIZE", "22")
    monkeypatch.setenv("PRELABEL_LEASE_S", "22")
    settings = Settings.load(file, lease_s=33)
    assert (settings.port, settings.chunk_size, settings.lease_s) == (1111, 22, 33.0)
    assert settings.public_url == "http://127.0.0.1:1111"


def test_the_file_is_found(clean_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(clean_place / DEFAULT_CONFIG, "port: 1001\n")
    assert Settings.load().port == 1001
    monkeypatch.setenv("PRELABEL_CONFIG", str(write(clean_place / "other.yaml", "port: 1002\n")))
    assert Settings.load().port == 1002
    assert Settings.load(write(clean_place / "empty.yaml", "# nothing\n")).port == 8900


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chunksize: 3\n", r"unknown setting 'chunksize' in .*wrong\.yaml: did you mean chunk_size\?"),
        ("zzz: 3\n", r"unknown setting 'zzz' .*Known: api_token, "),
        ("1: 3\n", r"unknown setting 1 "),
        ("port: high\n", r"port \(in .*wrong\.yaml or as PRELABEL_PORT\): .*integer"),
        ("port: 0\n", r"port .*greater than or equal to 1"),
        ("- port\n", r"must hold keys and values"),
        ("port: [\n", r"is not YAML"),
        ("retry_base_s: 9\nretry_max_s: 8\n", r"retry_max_s must not be below retry_base_s"),
        ("host: 0.0.0.0\n", r"public_url must be set when host is a wildcard"),
    ],
)
def test_a_wrong_file_is_refused_with_a_plain_message(clean_place: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Settings.load(write(clean_place / "wrong.yaml", text))


def test_a_missing_file_is_refused(clean_place: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: No such file"):
        Settings.load(clean_place / "nowhere.yaml")


def test_an_unknown_environment_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRELABEL_LABEL_STUDIO_VENV", "/opt/label-studio")
    assert Settings.load().port == 8900
    monkeypatch.setenv("PRELABEL_PROT", "9000")
    with pytest.raises(ConfigurationError, match=r"'PRELABEL_PROT' in the environment: did you mean PRELABEL_PORT\?"):
        Settings.load()


def test_hosts_are_separated_by_commas_in_the_environment(clean_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(clean_place / "my.yaml", "media_allowed_hosts: [a.example]\n")
    assert Settings.load(file).media_allowed_hosts == ("a.example",)
    monkeypatch.setenv("PRELABEL_MEDIA_ALLOWED_HOSTS", "b.example, c.example")
    assert Settings.load(file).media_allowed_hosts == ("b.example", "c.example")


def test_wildcard_host_with_a_public_url_and_ipv6() -> None:
    open_host = Settings(host="0.0.0.0", public_url="https://prelabel.example/")
    assert open_host.public_url == "https://prelabel.example"
    assert Settings(host="::1").public_url == "http://[::1]:8900"


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        secret_key=SecretStr("hush-1"), api_token=SecretStr("hush-2"), store_url="postgresql://u:hush-3@localhost/p"
    )
    assert "hush" not in f"{settings!r} {settings}"
    assert settings.api_token is not None
    assert settings.api_token.get_secret_value() == "hush-2"
    monkeypatch.setenv("PRELABEL_PORT", "hush-4")
    with pytest.raises(ConfigurationError) as caught:
        Settings.load()
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings, "port", 1)  # noqa: B010  a plain assignment is a type error already


@pytest.mark.parametrize("name", ["local", "production"])
def test_serve_files_fit_rays_schema_and_stay_on_loopback(name: str) -> None:
    values = yaml.safe_load((ROOT / f"configs/serve/{name}.yaml").read_text(encoding="utf-8"))
    deploy = ServeDeploySchema.model_validate(values)
    assert deploy.http_options.host == "127.0.0.1"
    assert deploy.http_options.port == Settings().port
    assert [app.import_path for app in deploy.applications] == ["serving.app:build"]
