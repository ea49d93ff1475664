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
    """Folder for all that this installation keeps. A relative path counts from the working directory. Change it to keep
    the data elsewhere, as on a volume; move the folder with it."""
    store_url: str = Field(default="sqlite:///{data_dir}/prelabel.db", repr=False)
    """Database: sqlite:///FILE (one host only) or postgresql://USER:PASSWORD@HOST/NAME. {data_dir} is replaced. Change
    it to PostgreSQL when several hosts run Prelabel, or a database is backed up for you."""
    secret_key: SecretStr | None = None
    """Fernet key that encrypts stored secrets; several, separated by commas, to rotate: the first encrypts. null:
    generated into {data_dir}/secret.key, mode 0600. Set it where secrets come from outside, and with two keys to
    rotate."""
    api_token: SecretStr | None = None
    """Bearer token of operators and programs. null: generated into {data_dir}/api.token, mode 0600. Set it where
    secrets come from outside."""
    view_token: SecretStr | None = None
    """Token with which engineers look at the console. null: generated into {data_dir}/view.token, mode 0600. Set it
    where secrets come from outside."""

    host: str = "127.0.0.1"
    """Address to listen on. Change it only behind a reverse proxy with TLS, or in a container."""
    port: int = Field(default=8900, ge=1, le=65535)
    """TCP port to listen on. Change it when another program has it."""
    public_url: str = "http://{host}:{port}"
    """Base URL at which Label Studio reaches this service. {host} and {port} are replaced; must be written out when
    host is a wildcard address. Set it when Label Studio runs on another host, or reaches this service through a
    proxy."""
    max_body_bytes: int = Field(default=64 * 2**20, ge=2**20)
    """Largest request body, bytes. Label Studio sends 5,000 tasks in one webhook. Raise it when Label Studio imports
    tasks larger than some 13 kB each; a refused event is found by the poll."""

    proxy_user_header: str | None = None
    """Header in which an authenticating proxy names who has signed in there, such as X-Forwarded-User; operators and
    engineers need no token then. null: nobody is believed. Header name. Set it where such a proxy stands in front."""
    proxy_email_header: str | None = None
    """Header with that person's email, shown in the audit log. null: none. Header name. Set it to what
    your proxy sends."""
    proxy_groups_header: str | None = None
    """Header with that person's groups, separated by commas; needed with proxy_user_header. null: none. Header name.
    Set it to what your proxy sends."""
    proxy_operator_groups: Annotated[tuple[str, ...], NoDecode] = ()
    """Groups whose members may change things. Group names; in the environment separated by commas. Set it with
    proxy_user_header: without it nobody changes anything there."""
    proxy_engineer_groups: Annotated[tuple[str, ...], NoDecode] = ()
    """Groups whose members look, and change nothing. Group names; in the environment separated by commas. Set it for
    people who only read."""
    proxy_trusted: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses from which the proxy connects; its headers are ignored from anywhere else. Addresses or networks, such
    as 10.0.0.0/24; in the environment separated by commas. Set it to the proxy's own, as narrow as can be."""
    proxy_secret_header: str | None = None
    """Header in which the proxy sends proxy_secret. null: none. Header name. Set it together with proxy_secret."""
    proxy_secret: SecretStr | None = None
    """A secret that only the proxy knows; with proxy_trusted, both have to hold. null: none. 32 characters or more.
    Set it where the proxy's address is not fixed."""
    proxy_sign_out: str | None = None
    """Path at which the proxy signs people out, such as /oauth2/sign_out. null: none. Set it so that signing out here
    ends the proxy's session, too."""

    metrics_open: bool = False
    """Whether /metrics is told to anybody; false: to whoever shows view_token or api_token. It names projects. Set it
    where only your Prometheus reaches the port."""

    chunk_size: int = Field(default=64, ge=1, le=1024)
    """Items that are claimed and scored in one call at most; fewer where a model takes long. Items. Lower it when
    chunks take more memory than there is."""
    publish_batch: int = Field(default=500, ge=1, le=5000)
    """Predictions or annotations written to Label Studio in one call. Items. Lower it when Label Studio answers large
    writes too late; it is halved by itself where one is refused."""
    lease_s: float = Field(default=60.0, gt=0)
    """How long a claim holds before another worker may take the items. Seconds. Raise it when models take longer than a
    lease; it must stay above scorer_timeout_s."""
    publish_lease_s: float = Field(default=180.0, gt=0)
    """The same for a batch on its way to Label Studio: a refused batch is bisected, which takes many calls. Seconds.
    Raise it when Label Studio takes minutes for a batch."""
    claim_idle_s: float = Field(default=0.5, gt=0)
    """Pause before looking for work again when there was none. Seconds. Raise it to ask the store less often, at the
    price of a delay of that length."""
    reconcile_s: float = Field(default=15.0, gt=0)
    """Time between two polls for what a webhook lost. Seconds. Lower it when webhooks do not arrive; raise it to spare
    a slow Label Studio."""
    sweep_s: float = Field(default=60.0, gt=0)
    """Time between two looks at whether Label Studio still has what was written there. Seconds. Raise it to spare a
    slow Label Studio."""
    learn_s: float = Field(default=2.0, gt=0)
    """Time between two looks at whether to train or to certify. Seconds. Raise it to spare the store with many
    projects."""
    watch_s: float = Field(default=2.0, gt=0)
    """Time between two looks of the monitor at the audits of an open gate; longer where looking takes long. Seconds.
    Raise it to spare the store with many open gates."""
    effort_s: float = Field(default=30.0, gt=0)
    """Time between two looks at whether enough labels have come in to tell what suggestions save. Seconds. Raise it to
    spare the store; what suggestions save changes over days."""
    tabs_s: float = Field(default=60.0, gt=0)
    """Time between two looks at whether the tabs of a project in Label Studio are to change. Seconds. Raise it to spare
    Label Studio; lower it when people wait for tabs to fill."""
    tab_items: int = Field(default=200, ge=1, le=5000)
    """Items in one tab: the next ones of its queue. Items. Raise it for large teams; each change of a tab leaves its
    old list behind in Label Studio."""
    platform_timeout_s: float = Field(default=30.0, gt=0)
    """Longest wait for one answer of Label Studio. Seconds. Raise it when Label Studio is slow and its answers come
    after this."""
    retry_base_s: float = Field(default=1.0, gt=0)
    """Wait after the first transient failure; doubles with each further one. Seconds. Raise it to be gentler to a Label
    Studio that is overloaded."""
    retry_max_s: float = Field(default=60.0, gt=0)
    """Longest wait between two tries. Seconds. Lower it to come back sooner after an outage."""
    max_attempts: int = Field(default=5, ge=1)
    """Tries before an item is given up; counts only failures that are the item's own fault. Tries. Raise it when items
    fail by chance, as with a flaky media host that answers wrongly."""

    monitor_watch: float = Field(default=400.0, ge=200)
    """Level of the monitor's statistic at which the gate goes to watch: while the error is within epsilon there is at
    most one false alarm in so many audits, on average. The watch ends below a tenth of it. Audits. Lower it to draw
    more audits sooner, at the price of more false alarms."""
    monitor_close: float = Field(default=10_000.0, ge=200)
    """The same for closing the gate; at least monitor_watch. Audits. Lower it to close sooner, at the price of gates
    that close without a cause."""
    watch_audit_factor: float = Field(default=5.0, ge=1)
    """What a project's audit_rate is multiplied by while its gate is watched; the rate is at most 1. Factor. Raise it
    to decide a suspicion sooner, at the price of more labels."""
    audit_due_s: float = Field(default=3 * 86_400.0, gt=0)
    """How long an audit may wait for its blind label before the gate goes to watch. Seconds. Raise it when nobody
    labels at weekends; lower it when people label daily."""
    drift_window: int = Field(default=500, ge=50)
    """Newly arrived items that are compared with the blind sample at a time. Items. Lower it to see drift sooner,
    coarser; raise it on large streams."""

    people_lease_s: float = Field(default=900.0, gt=0)
    """How long a person keeps an item while too little is known of how long people take. Seconds. Raise it when the
    first items take people long."""
    people_lease_min_s: float = Field(default=120.0, gt=0)
    """Shortest lease; it is three times what 95 of 100 pieces of work take. Seconds. Raise it when people complain of
    being hurried."""
    people_lease_max_s: float = Field(default=14_400.0, gt=0)
    """Longest lease. Seconds. Lower it when items stay too long with those who went away."""
    people_silent_s: float = Field(default=300.0, gt=0)
    """How long a person's page may say nothing before the item goes to somebody else. Seconds. Raise it when pages are
    kept in the background, as on a telephone."""
    people_present_s: float = Field(default=30.0, gt=0)
    """How long after asking last a person who got nothing stays in line. Seconds. Raise it when people ask again less
    often than that."""
    gold_rate: float = Field(default=0.05, ge=0, le=0.5)
    """Share of what each person is given that is gold, unmarked, once there are gold items. It costs people's time and
    labels nothing new, so it is small; without it a mistake of somebody who labels alone is never seen. Share. Raise it
    when people are new; 0 switches it off."""
    gold_uses: int = Field(default=30, ge=1)
    """People whom one gold item is given to at most: answers get round. People. Lower it when answers get round; raise
    it when there are few gold items."""
    qualification_items: int = Field(default=12, ge=4, le=50)
    """Items of one qualification; if all are right, 4 reach level 1, then 7, 11, 24 and 49. Items. Raise it to grant
    higher levels in one go; it takes as many unseen gold items."""
    required_accuracy: float = Field(default=0.7, gt=0, lt=1)
    """Accuracy below which a person may be paused in a field, where it is shown to be lower. Share. Raise it where
    work below that is of no use; it pauses nobody by itself."""

    review_due_s: float = Field(default=3 * 86_400.0, gt=0)
    """How long a label may wait for its review; then it is approved. Seconds. Raise it when there are few reviewers:
    what is late is approved unseen."""
    appeal_due_s: float = Field(default=7 * 86_400.0, gt=0)
    """How long a person may appeal against a review of their label. Seconds. Raise it when people work on few days."""
    appeal_answer_s: float = Field(default=3 * 86_400.0, gt=0)
    """How long an appeal may wait for a second reviewer; then it is decided for whoever labelled. Seconds. Raise it
    when there are few reviewers: what is late is decided for whoever labelled."""

    notify_url: SecretStr | None = None
    """Where each change of a gate is told, by POST of JSON with a "text": a Slack webhook, or any other that takes it.
    The address is taken for a secret. null: nowhere. Set it to be told when a gate opens, is watched or closes."""
    notify_timeout_s: float = Field(default=10.0, gt=0)
    """Longest wait for its answer. Seconds. Raise it when the receiver is slow."""

    scorer_replicas: int = Field(default=1, ge=1)
    """Processes that score, for each project. Processes. Raise it when items wait to be scored and processors are
    idle."""
    scorer_threads: int = Field(default=1, ge=1)
    """Threads of one scorer; more replicas with one thread each are faster than the other way round. Threads. Raise it
    when one chunk must be faster and there are processors to spare."""
    scorer_timeout_s: float = Field(default=55.0, gt=0)
    """Longest wait for the scores of one chunk, loading the model included; below lease_s. Seconds. Raise it, and
    lease_s with it, when loading a model or one item takes longer."""
    model_dir: Path = Path("{data_dir}/models")
    """Folder for trained heads and exported encoders. {data_dir} is replaced. Change it to a folder that all hosts see,
    or to a volume."""

    media_cache_dir: Path = Path("{data_dir}/media")
    """Folder for fetched media. {data_dir} is replaced. Change it to a disk with room."""
    media_cache_bytes: int = Field(default=2 * 2**30, ge=0)
    """Largest size of that folder; the files used longest ago go first. Bytes. Raise it when the same media are
    fetched again and again; it must hold a file of media_max_bytes."""
    media_max_bytes: int = Field(default=32 * 2**20, ge=1)
    """Largest file that is fetched. Bytes. Raise it when items are dead because their file is larger."""
    media_max_pixels: int = Field(default=50_000_000, ge=1)
    """Largest image that is decoded, width times height. Pixels. Raise it when items are dead because their picture is
    larger; decoding takes memory."""
    media_max_seconds: float = Field(default=14_400.0, gt=0.0)
    """Longest recording that is fetched. Seconds. Raise it, and media_max_bytes with it, for longer recordings."""
    media_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts besides Label Studio from which media may be fetched, also on private networks. Host names; in the
    environment separated by commas. Set it when media lie on hosts of your own network."""
    judge_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts on private networks at which a judge, a language model, may be asked. Host names, with or without a port;
    in the environment separated by commas. Set it when the language model runs on your own network."""

    tracing_endpoint: str | None = None
    """Where traces are sent by OTLP over HTTP: the whole address, such as http://127.0.0.1:4318/v1/traces. Credentials
    go into OTEL_EXPORTER_OTLP_HEADERS. null: nothing is traced. Set it when looking for where time goes."""
    tracing_ratio: float = Field(default=1.0, ge=0, le=1)
    """Share of traces that are sent; who comes with a trace of their own has decided already. Share. Lower it where
    traces are many."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe level that is logged. Set it to DEBUG when looking for a cause."""
    log_json: bool = True
    """One JSON object a line; false: lines for a terminal. Set it to false when a person reads the log."""

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
