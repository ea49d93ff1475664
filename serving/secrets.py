"""Keys and tokens: made once, kept in files that only we can read, and everything of others encrypted at rest.

``Vault`` encrypts what the store keeps (Label Studio tokens, webhook and sampling secrets). Its key comes from the
settings or from ``<data_dir>/secret.key``; the operators' token from the settings or from ``<data_dir>/api.token``.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from models.errors import ConfigurationError, StoreError
from serving.settings import Settings

log = logging.getLogger(__name__)


class Vault:
    """Authenticated encryption (Fernet: AES-128-CBC with HMAC-SHA256) of short secrets.

    Args:
        key: one Fernet key, or several separated by commas or white space. The first encrypts, all decrypt: to
            rotate, put the new key in front, ``rotate`` what is stored, then drop the old one.

    Raises:
        ConfigurationError: a key is not 32 url-safe base64-encoded bytes.
    """

    def __init__(self, key: str) -> None:
        keys = key.replace(",", " ").split()
        if not keys:
            raise ConfigurationError("the secret key is empty: remove it to have one generated")
        try:
            self._fernet = MultiFernet([Fernet(one) for one in keys])
        except ValueError as error:
            raise ConfigurationError(
                "the secret key is not a Fernet key (32 bytes, url-safe base64, 44 characters): "
                "check secret_key or the file secret.key in the data directory"
            ) from error

    def encrypt(self, value: bytes) -> bytes:
        """Different bytes at every call, even for the same value."""
        return self._fernet.encrypt(value)

    def decrypt(self, value: bytes) -> bytes:
        """Undo ``encrypt``.

        Raises:
            StoreError: the value was encrypted with another key, or was changed.
        """
        try:
            return self._fernet.decrypt(value)
        except InvalidToken as error:
            raise StoreError(_WRONG_KEY) from error

    def rotate(self, value: bytes) -> bytes:
        """Encrypt again with the first key.

        Raises:
            StoreError: none of the keys fits.
        """
        try:
            return self._fernet.rotate(value)
        except InvalidToken as error:
            raise StoreError(_WRONG_KEY) from error


_WRONG_KEY = (
    "a stored secret does not fit the secret key: restore the key that the store was made with "
    "(secret_key, or the file secret.key in the data directory), or connect the project again"
)


def new_key() -> str:
    """A fresh Fernet key, 44 characters."""
    return Fernet.generate_key().decode()


def new_secret() -> str:
    """A fresh random secret of 256 bits, 64 hex digits."""
    return secrets.token_hex(32)


def load_or_create(path: Path, make: Callable[[], str] = new_secret) -> str:
    """Read a secret from its file; where there is none, make it first.

    Several processes may do this at once: all of them get the same secret. The file appears complete or not at all,
    with mode 0600, in a folder that is made with mode 0700.

    Raises:
        ConfigurationError: the file is empty, or cannot be read or written.
    """
    try:
        if not path.exists():
            _create(path, make())
        secret = path.read_text(encoding="utf-8").strip()
        mode = path.stat().st_mode & 0o077
    except OSError as error:
        raise ConfigurationError(f"cannot read or create {path}: {error.strerror}") from error
    if not secret:
        raise ConfigurationError(f"{path} is empty: delete it to have a new secret generated")
    if mode:
        log.warning("other accounts may read %s: run chmod 600 on it", path)
    return secret


def _create(path: Path, secret: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike rename, a link never replaces what another process has put there first
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def open_vault(settings: Settings) -> Vault:
    """The vault of this installation; its key is generated on first use.

    Raises:
        ConfigurationError: the key is malformed, or its file cannot be used.
    """
    if settings.secret_key is not None:
        return Vault(settings.secret_key.get_secret_value())
    return Vault(load_or_create(settings.data_dir / "secret.key", new_key))


def operator_token(settings: Settings) -> str:
    """The bearer token that operators and programs show; generated on first use.

    Raises:
        ConfigurationError: its file cannot be used.
    """
    if settings.api_token is not None:
        return settings.api_token.get_secret_value()
    return load_or_create(settings.data_dir / "api.token")


def viewer_token(settings: Settings) -> str:
    """The token with which engineers look at the console; it opens nothing else. Generated on first use.

    Raises:
        ConfigurationError: its file cannot be used.
    """
    if settings.view_token is not None:
        return settings.view_token.get_secret_value()
    return load_or_create(settings.data_dir / "view.token")
