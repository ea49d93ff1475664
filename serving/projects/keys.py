"""A new secret key: what the store holds encrypted is encrypted again, so that the old key can go."""

from __future__ import annotations

from serving.pipeline.runtime import Runtime


def rotate(runtime: Runtime) -> int:
    """Encrypt the secrets of all projects with the first of the keys. Returns the number of projects.

    Raises:
        StoreError: one of them fits none of the keys; nothing is changed.
    """
    with runtime.store.begin() as uow:
        projects = uow.projects.list()
        for project in projects:
            current = uow.projects.hold(project.id)
            uow.projects.update(
                current.id,
                token=runtime.vault.rotate(current.token),
                webhook_secret=runtime.vault.rotate(current.webhook_secret),
                sampling_secret=runtime.vault.rotate(current.sampling_secret),
            )
    return len(projects)
