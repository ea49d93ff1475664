"""Settings of one installation.

``configs/service.yaml`` (or the file that PRELABEL_CONFIG names) < environment variables PRELABEL_<KEY> < arguments.
An unknown key is an error in all three. Below, the text under a key is its documentation; ``configs/service.yaml``
holds the same keys with the same defaults, and a test compares the two.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, SettingsConfigDict

from models.errors import ConfigurationError

PREFIX = "PRELABEL_"
CONFIG_VARIABLE = "PRELABEL_CONFIG"
DEFAULT_CONFIG = Path("configs/service.yaml")
_NOT_KEYS = {CONFIG_VARIABLE, "PRELABEL_LABEL_STUDIO_VENV", "PRELABEL_DEMO_HOME"}
"""Environment variables with our prefix that are not settings."""


class Settings(BaseSettings):
    """What an operator can set. Immutable."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )

    data_dir: Path = Path("var/prelabel")
    """Folder for all that this installation keeps. A relative path counts from the working directory."""
    store_url: str = Field(default="sqlite:///{data_dir}/prelabel.db", repr=False)
    """Database: sqlite:///FILE (one host only) or postgresql://USER:PASSWORD@HOST/NAME. {data_dir} is replaced."""
    secret_key: SecretStr | None = None
    """Fernet key that encrypts stored secrets; several, separated by commas, to rotate: the first encrypts.
    null: generated into {data_dir}/secret.key, mode 0600."""
    api_token: SecretStr | None = None
    """Bearer token of operators and programs. null: generated into {data_dir}/api.token, mode 0600."""
    view_token: SecretStr | None = None
    """Token with which engineers look at the console. null: generated into {data_dir}/view.token, mode 0600."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8900, ge=1, le=65535)
    """TCP port to listen on."""
    public_url: str = "http://{host}:{port}"
    """Base URL at which Label Studio reaches this service. {host} and {port} are replaced; must be written out when
    host is a wildcard address."""
    max_body_bytes: int = Field(default=64 * 2**20, ge=2**20)
    """Largest request body, bytes. Label Studio sends 5,000 tasks in one webhook."""

    proxy_user_header: str | None = None
    """Header in which an authenticating proxy names who has signed in there, such as X-Forwarded-User; operators and
    engineers need no token then. null: nobody is believed. Header name."""
    proxy_email_header: str | None = None
    """Header with that person's email, shown in the audit log. null: none. Header name."""
    proxy_groups_header: str | None = None
    """Header with that person's groups, separated by commas; needed with proxy_user_header. null: none. Header name."""
    proxy_operator_groups: Annotated[tuple[str, ...], NoDecode] = ()
    """Groups whose members may change things. Group names; in the environment separated by commas."""
    proxy_engineer_groups: Annotated[tuple[str, ...], NoDecode] = ()
    """Groups whose members look, and change nothing. Group names; in the environment separated by commas."""
    proxy_trusted: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses from which the proxy connects; its headers are ignored from anywhere else. Addresses or networks, such
    as 10.0.0.0/24; in the environment separated by commas."""
    proxy_secret_header: str | None = None
    """Header in which the proxy sends proxy_secret. null: none. Header name."""
    proxy_secret: SecretStr | None = None
    """A secret that only the proxy knows; with proxy_trusted, both have to hold. null: none. 32 characters or more."""
    proxy_sign_out: str | None = None
    """Path at which the proxy signs people out, such as /oauth2/sign_out. null: none."""

    metrics_open: bool = False
    """Whether /metrics is told to anybody; false: to whoever shows view_token or api_token. It names projects."""

    chunk_size: int = Field(default=64, ge=1, le=1024)
    """Items that are claimed and scored in one call at most; fewer where a model takes long. Items."""
    publish_batch: int = Field(default=500, ge=1, le=5000)
    """Predictions or annotations written to Label Studio in one call. Items."""
    lease_s: float = Field(default=60.0, gt=0)
    """How long a claim holds before another worker may take the items. Seconds."""
    publish_lease_s: float = Field(default=180.0, gt=0)
    """The same for a batch on its way to Label Studio: a refused batch is bisected, which takes many calls. Seconds."""
    claim_idle_s: float = Field(default=0.5, gt=0)
    """Pause before looking for work again when there was none. Seconds."""
    reconcile_s: float = Field(default=15.0, gt=0)
    """Time between two polls for what a webhook lost. Seconds."""
    sweep_s: float = Field(default=60.0, gt=0)
    """Time between two looks at whether Label Studio still has what was written there. Seconds."""
    learn_s: float = Field(default=2.0, gt=0)
    """Time between two looks at whether to train or to certify. Seconds."""
    watch_s: float = Field(default=2.0, gt=0)
    """Time between two looks of the monitor at the audits of an open gate; longer where looking takes long. Seconds."""
    effort_s: float = Field(default=30.0, gt=0)
    """Time between two looks at whether enough labels have come in to tell what suggestions save. Seconds."""
    tabs_s: float = Field(default=60.0, gt=0)
    """Time between two looks at whether the tabs of a project in Label Studio are to change. Seconds."""
    tab_items: int = Field(default=200, ge=1, le=5000)
    """Items in one tab: the next ones of its queue. Items."""
    platform_timeout_s: float = Field(default=30.0, gt=0)
    """Longest wait for one answer of Label Studio. Seconds."""
    retry_base_s: float = Field(default=1.0, gt=0)
    """Wait after the first transient failure; doubles with each further one. Seconds."""
    retry_max_s: float = Field(default=60.0, gt=0)
    """Longest wait between two tries. Seconds."""
    max_attempts: int = Field(default=5, ge=1)
    """Tries before an item is given up; counts only failures that are the item's own fault. Tries."""

    monitor_watch: float = Field(default=400.0, ge=200)
    """Level of the monitor's statistic at which the gate goes to watch: while the error is within epsilon there is at
    most one false alarm in so many audits, on average. The watch ends below a tenth of it. Audits."""
    monitor_close: float = Field(default=10_000.0, ge=200)
    """The same for closing the gate; at least monitor_watch. Audits."""
    watch_audit_factor: float = Field(default=5.0, ge=1)
    """What a project's audit_rate is multiplied by while its gate is watched; the rate is at most 1. Factor."""
    audit_due_s: float = Field(default=3 * 86_400.0, gt=0)
    """How long an audit may wait for its blind label before the gate goes to watch. Seconds."""
    drift_window: int = Field(default=500, ge=50)
    """Newly arrived items that are compared with the blind sample at a time. Items."""

    people_lease_s: float = Field(default=900.0, gt=0)
    """How long a person keeps an item while too little is known of how long people take. Seconds."""
    people_lease_min_s: float = Field(default=120.0, gt=0)
    """Shortest lease; it is three times what 95 of 100 pieces of work take. Seconds."""
    people_lease_max_s: float = Field(default=14_400.0, gt=0)
    """Longest lease. Seconds."""
    people_silent_s: float = Field(default=300.0, gt=0)
    """How long a person's page may say nothing before the item goes to somebody else. Seconds."""
    people_present_s: float = Field(default=30.0, gt=0)
    """How long after asking last a person who got nothing stays in line. Seconds."""
    gold_rate: float = Field(default=0.05, ge=0, le=0.5)
    """Share of what each person is given that is gold, unmarked, once there are gold items. It costs people's time and
    labels nothing new, so it is small; without it a mistake of somebody who labels alone is never seen. Share."""
    gold_uses: int = Field(default=30, ge=1)
    """People whom one gold item is given to at most: answers get round. People."""
    qualification_items: int = Field(default=12, ge=4, le=50)
    """Items of one qualification; if all are right, 4 reach level 1, then 7, 11, 24 and 49. Items."""
    required_accuracy: float = Field(default=0.7, gt=0, lt=1)
    """Accuracy below which a person may be paused in a field, where it is shown to be lower. Share."""

    review_due_s: float = Field(default=3 * 86_400.0, gt=0)
    """How long a label may wait for its review; then it is approved. Seconds."""
    appeal_due_s: float = Field(default=7 * 86_400.0, gt=0)
    """How long a person may appeal against a review of their label. Seconds."""
    appeal_answer_s: float = Field(default=3 * 86_400.0, gt=0)
    """How long an appeal may wait for a second reviewer; then it is decided for whoever labelled. Seconds."""

    notify_url: SecretStr | None = None
    """Where each change of a gate is told, by POST of JSON with a "text": a Slack webhook, or any other that takes it.
    The address is taken for a secret. null: nowhere."""
    notify_timeout_s: float = Field(default=10.0, gt=0)
    """Longest wait for its answer. Seconds."""

    scorer_replicas: int = Field(default=1, ge=1)
    """Processes that score, for each project. Processes."""
    scorer_threads: int = Field(default=1, ge=1)
    """Threads of one scorer; more replicas with one thread each are faster than the other way round. Threads."""
    scorer_timeout_s: float = Field(default=55.0, gt=0)
    """Longest wait for the scores of one chunk, loading the model included; below lease_s. Seconds."""
    model_dir: Path = Path("{data_dir}/models")
    """Folder for trained heads and exported encoders. {data_dir} is replaced."""

    media_cache_dir: Path = Path("{data_dir}/media")
    """Folder for fetched media. {data_dir} is replaced."""
    media_cache_bytes: int = Field(default=2 * 2**30, ge=0)
    """Largest size of that folder; the files used longest ago go first. Bytes."""
    media_max_bytes: int = Field(default=32 * 2**20, ge=1)
    """Largest file that is fetched. Bytes."""
    media_max_pixels: int = Field(default=50_000_000, ge=1)
    """Largest image that is decoded, width times height. Pixels."""
    media_max_seconds: float = Field(default=14_400.0, gt=0.0)
    """Longest recording that is fetched. Seconds."""
    media_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts besides Label Studio from which media may be fetched, also on private networks. Host names; in the
    environment separated by commas."""
    judge_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts on private networks at which a judge, a language model, may be asked. Host names, with or without a port;
    in the environment separated by commas."""

    tracing_endpoint: str | None = None
    """Where traces are sent by OTLP over HTTP: the whole address, such as http://127.0.0.1:4318/v1/traces. Credentials
    go into OTEL_EXPORTER_OTLP_HEADERS. null: nothing is traced."""
    tracing_ratio: float = Field(default=1.0, ge=0, le=1)
    """Share of traces that are sent; who comes with a trace of their own has decided already. Share."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe level that is logged."""
    log_json: bool = True
    """One JSON object a line; false: lines for a terminal."""

    @classmethod
    def load(cls, config: Path | None = None, **overrides: Any) -> Self:
        """Read file and environment.

        Args:
            config: YAML file; None: the one that PRELABEL_CONFIG names, else configs/service.yaml where it exists.
            overrides: values that win over both, by key.

        Raises:
            ConfigurationError: the file is missing or not YAML, a key is unknown, or a value is wrong.
        """
        file = _config_file(config)
        values = _read(file) if file else {}
        environment = {key: value for key, value in os.environ.items() if key.upper().startswith(PREFIX)}
        for where, known, keys in (
            (str(file), set(cls.model_fields), values),
            ("the environment", {PREFIX + name.upper() for name in cls.model_fields} | _NOT_KEYS, environment),
        ):
            _refuse_unknown(keys, known, where)
        try:
            return cls(**{**values, **EnvSettingsSource(cls)(), **overrides})
        except ValidationError as error:
            raise ConfigurationError(_explain(error, file)) from None

    @field_validator(
        "media_allowed_hosts",
        "judge_allowed_hosts",
        "proxy_operator_groups",
        "proxy_engineer_groups",
        "proxy_trusted",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("notify_url", mode="after")
    @classmethod
    def _is_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.match(r"https?://[^/\s]+", value.get_secret_value()):
            raise ValueError("must be an address: http://... or https://...")
        return value

    @field_validator("proxy_trusted", mode="after")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ip_network(one)
            except ValueError:
                raise ValueError(f"{one!r} is no address and no network, such as 10.0.0.0/24") from None
        return value

    @field_validator(
        "proxy_user_header", "proxy_email_header", "proxy_groups_header", "proxy_secret_header", mode="after"
    )
    @classmethod
    def _is_header(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9-]+", value):
            raise ValueError("must be the name of a header: letters, digits and hyphens")
        return value

    @field_validator("proxy_sign_out", mode="after")
    @classmethod
    def _is_path(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"/[^/\\\s]\S*", value):
            raise ValueError("must be a path of this very address, such as /oauth2/sign_out")
        return value

    @field_validator("tracing_endpoint", mode="after")
    @classmethod
    def _is_collector(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^/\s@]+/[^\s@]*$", value):
            raise ValueError("must be a whole address without credentials: http://127.0.0.1:4318/v1/traces")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        if self.host in ("0.0.0.0", "::", "") and "{host}" in self.public_url:  # noqa: S104  compared, not bound
            raise ValueError("public_url must be set when host is a wildcard: the URL at which Label Studio reaches us")
        if self.retry_max_s < self.retry_base_s:
            raise ValueError("retry_max_s must not be below retry_base_s")
        if self.monitor_close < self.monitor_watch:
            raise ValueError("monitor_close must not be below monitor_watch")
        self._check_proxy()
        data_dir = self.data_dir.expanduser().absolute()
        host = f"[{self.host}]" if ":" in self.host else self.host
        resolved: dict[str, object] = {
            "data_dir": data_dir,
            "store_url": self.store_url.replace("{data_dir}", str(data_dir)),
            "public_url": self.public_url.replace("{host}", host).replace("{port}", str(self.port)).rstrip("/"),
        }
        for key in ("model_dir", "media_cache_dir"):
            text = str(getattr(self, key)).replace("{data_dir}", str(data_dir))
            resolved[key] = Path(text).expanduser().absolute()
        for key, value in resolved.items():
            object.__setattr__(self, key, value)
        return self

    def _check_proxy(self) -> None:
        """Headers that anybody could send, or that give nobody a role, are refused before the service starts."""
        secret = self.proxy_secret.get_secret_value() if self.proxy_secret is not None else None
        if (secret is None) != (self.proxy_secret_header is None):
            raise ValueError("proxy_secret and proxy_secret_header belong together")
        if secret is not None and len(secret) < 32:
            raise ValueError("proxy_secret must have 32 characters or more")
        if self.proxy_user_header is None:
            return
        if not self.proxy_trusted and secret is None:
            raise ValueError("proxy_user_header needs proxy_trusted or proxy_secret: anybody could send the header")
        if self.proxy_groups_header is None or not (self.proxy_operator_groups or self.proxy_engineer_groups):
            raise ValueError(
                "proxy_user_header needs proxy_groups_header, and proxy_operator_groups or proxy_engineer_groups"
            )


def _config_file(config: Path | None) -> Path | None:
    if config is None and os.environ.get(CONFIG_VARIABLE):
        config = Path(os.environ[CONFIG_VARIABLE])
    if config is None:
        return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None
    return config


def _read(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read the settings file {file}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"the settings file {file} is not YAML: {error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigurationError(f"the settings file {file} must hold keys and values")
    return values


def _refuse_unknown(keys: dict[str, Any], known: set[str], where: str) -> None:
    for key in keys:
        if key not in known and str(key).upper() not in known:
            near = get_close_matches(str(key), known, n=1)
            hint = f": did you mean {near[0]}?" if near else f". Known: {', '.join(sorted(known))}"
            raise ConfigurationError(f"unknown setting {key!r} in {where}{hint}")


def _explain(error: ValidationError, file: Path | None) -> str:
    """Never shows a value: it may be a secret."""
    source = f"in {file} or as" if file else "as"
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        place = f"{key} ({source} {PREFIX}{key.upper()}): " if key else ""
        lines.append(place + problem["msg"].removeprefix("Value error, "))
    return "wrong settings: " + "; ".join(lines)
