"""Settings become parts: the store, the clients, the guarded fetcher."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from connectors.label_studio.label_config import parse
from models.errors import MediaError, MediaUnavailable
from models.types import Item
from serving.composition import GuardedMedia, Platforms, make_runtime, open_store
from serving.local import LocalScorer
from serving.notify import Notice
from serving.store.records import ProjectRow
from tests.support.http_server import HttpServer, Reply
from tests.support.local_world import CONFIG, LocalWorld

IMAGES = CONFIG.replace('<Text name="text" value="$text"/>', '<Image name="text" value="$image"/>')


def png() -> bytes:
    buffer = BytesIO()
    Image.new("L", (2, 2)).save(buffer, "PNG")
    return buffer.getvalue()


PIXEL = png()


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def project(world: LocalWorld, server: HttpServer) -> ProjectRow:
    """A project of images whose Label Studio is the server."""
    return replace(
        world.project,
        platform_url=f"http://127.0.0.1:{server.port}",
        label_config=parse(IMAGES),
        label_config_xml=IMAGES,
    )


def image(key: str, address: object) -> Item:
    return Item(key=key, data={"image": address})


def test_each_item_has_its_own_fate(world: LocalWorld, server: HttpServer, project: ProjectRow) -> None:
    server.routes["/data/one.png"] = Reply(PIXEL, headers={"Content-Type": "image/png"})
    server.routes["/data/busy.png"] = Reply(status=503)
    items = [
        image("good", "/data/one.png"),
        image("missing", "/data/none.png"),
        image("away", "/data/busy.png"),
        image("forbidden", "http://169.254.169.254/latest"),
        image("odd", None),
        Item(key="none", data={}),
    ]
    good, *others, none = world.runtime.media.attach(project, items)
    assert isinstance(good, Item)
    assert Path(good.media["image"]).read_bytes() == PIXEL
    assert [type(other) for other in others][1] is MediaUnavailable
    assert all(isinstance(other, MediaError) for other in others)
    assert none == items[-1], "the model says what is missing"
    assert {seen.headers["authorization"] for seen in server.seen} == {"Token token-of-the-tests"}


def test_text_is_not_fetched(world: LocalWorld, server: HttpServer) -> None:
    items = [Item(key="1", data={"text": f"http://127.0.0.1:{server.port}/secret"})]
    assert world.runtime.media.attach(world.project, items) == items
    assert server.seen == []


def test_a_client_is_kept_until_its_token_changes(world: LocalWorld) -> None:
    platforms = Platforms(world.runtime.settings, world.runtime.vault)
    project = world.project
    client = platforms.client(project)
    assert platforms(project) is client
    other = replace(project, token=world.runtime.vault.encrypt(b"another"))
    assert platforms.client(other) is not client


def test_two_processes_are_two_owners(world: LocalWorld) -> None:
    settings = world.runtime.settings.model_copy(update={"secret_key": None})
    one, two = (make_runtime(settings, LocalScorer(Path(settings.model_dir)), store=world.store) for _ in range(2))
    assert one.owner != two.owner
    assert one.vault.decrypt(two.vault.encrypt(b"shared")) == b"shared"
    assert isinstance(one.media, GuardedMedia)


def test_notices_go_where_the_operator_says(world: LocalWorld, server: HttpServer) -> None:
    settings = world.runtime.settings.model_copy(update={"secret_key": None})
    assert make_runtime(settings, LocalScorer(Path(settings.model_dir)), store=world.store).notify is None
    server.routes["/told"] = Reply()
    asked = settings.model_copy(update={"notify_url": SecretStr(f"{server.url}/told")})
    notify = make_runtime(asked, LocalScorer(Path(settings.model_dir)), store=world.store).notify
    assert notify is not None
    notify(Notice("the gate is closed", "gate_closed", "moods", {}))
    assert [seen.path for seen in server.seen] == ["/told"]


def test_the_store_is_opened_at_its_newest_schema(world: LocalWorld, tmp_path: Path) -> None:
    settings = world.runtime.settings.model_copy(update={"store_url": f"sqlite:///{tmp_path}/fresh/prelabel.db"})
    store = open_store(settings)
    with store.read() as uow:
        assert uow.projects.list() == []
    store.close()
