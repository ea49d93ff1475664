"""A new secret key: all stored secrets, or none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.errors import StoreError
from serving.projects.keys import rotate
from serving.secrets import Vault, new_key
from tests.support.local_world import KEY, LocalWorld


def test_everything_is_encrypted_with_the_first_key(world: LocalWorld) -> None:
    before, new = world.project, new_key()
    assert rotate(replace(world.runtime, vault=Vault(f"{new},{KEY}"))) == 1
    after = world.project
    for name in ("token", "webhook_secret", "sampling_secret"):
        assert Vault(new).decrypt(getattr(after, name)) == Vault(KEY).decrypt(getattr(before, name))


def test_a_key_that_does_not_fit_changes_nothing(world: LocalWorld) -> None:
    before = world.project
    with pytest.raises(StoreError, match="does not fit the secret key"):
        rotate(replace(world.runtime, vault=Vault(new_key())))
    assert world.project == before
