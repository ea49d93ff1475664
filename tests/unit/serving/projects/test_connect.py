"""What can be known of a wish before Label Studio is asked."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.label_studio.label_config import parse
from models.errors import AuthenticationError, ConfigurationError, PlatformError
from models.registry import assign
from models.specs import HeadSpec
from serving.projects import connect
from serving.projects.connect import Wish, check, notes, of_file, slug_of
from tests.support.local_world import CONFIG, SECRET, LocalWorld
from tests.support.studio_twin import TOKEN, studio_twin

WISH = Wish(url="http://127.0.0.1:9", token="t", platform_project=3)
IMAGES = CONFIG.replace('<Text name="text" value="$text"/>', '<Image name="text" value="$image"/>')
MORE = CONFIG.replace("</View>", '<Choices name="topic" toName="text"><Choice value="a"/></Choices></View>')
UNSUPPORTED = CONFIG.replace("</View>", '<MagicWand name="wand" toName="text"/></View>')


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Product reviews", "product-reviews"),
        ("  ../../etc/passwd ", "etc-passwd"),
        ("2024 batch", "project-3"),
        ("文本分类", "project-3"),
        ("", "project-3"),
        ("x" * 100, "x" * 40),
        ("a%2F..?b#c", "a-2f-b-c"),
    ],
)
def test_a_title_becomes_a_name_for_urls(title: str, slug: str) -> None:
    assert slug_of(title, 3) == slug
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,62}", slug)
    check(WISH, slug)


@pytest.mark.parametrize("slug", ["../x", "a/b", "A", "1a", "", "a b", "a%2fb", "a" * 64, "a\n", "ä", "-a"])
def test_a_name_that_cannot_stand_in_a_url_is_refused(slug: str) -> None:
    with pytest.raises(ConfigurationError, match="slug"):
        check(WISH, slug)


@pytest.mark.parametrize(
    "changes",
    [
        {"epsilon": 0.0},
        {"epsilon": 1.0},
        {"epsilon": float("nan")},
        {"delta": 0.0},
        {"delta": 5.0},
        {"train_target": 0},
        {"validation_target": 0},
        {"validation_fraction": 0.0},
        {"validation_fraction": 1.0},
        {"audit_rate": 1.0},
        {"audit_rate": -0.1},
    ],
)
def test_a_number_out_of_range_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(changes))):
        check(replace(WISH, **changes), "reviews")  # type: ignore[arg-type]


def test_what_works_worse_than_it_could_is_said() -> None:
    assert notes(parse(CONFIG), show_suggestions=True) == []
    assert "Settings > Annotation" in notes(parse(CONFIG), show_suggestions=False)[0]
    left = assign(HeadSpec(encoder="ngram"), parse(MORE))
    assert "people fill in: topic" in notes(left, show_suggestions=True)[0]
    required = left.model_copy(update={"by_people": (left.by_people[0].model_copy(update={"required": True}),)})
    assert "topic must be filled in" in notes(required, show_suggestions=True)[1]
    assert "wand (MagicWand)" in notes(parse(UNSUPPORTED), show_suggestions=True)[0]


def test_nothing_is_stored_when_label_studio_does_not_answer(world: LocalWorld) -> None:
    with pytest.raises((PlatformError, AuthenticationError)):
        connect.connect(world.runtime, WISH)
    with world.store.read() as uow:
        assert [p.slug for p in uow.projects.list()] == ["moods"]


def test_the_address_of_a_page_leads_to_the_server(world: LocalWorld) -> None:
    with studio_twin() as twin:
        twin.project("Moods", CONFIG)
        page = twin.url.removeprefix("http://") + "/projects/1/data"
        seen = connect.look(world.runtime, Wish(url=page, token=TOKEN, platform_project=1))
        seen.platform.close()
    assert (seen.url, seen.remote.title) == (twin.url, "Moods")


def test_the_webhook_is_registered_once_with_the_secret(world: LocalWorld) -> None:
    for _ in range(2):
        connect.register_webhook(world.runtime, world.project)
    [hook] = world.platform.webhooks
    assert hook.url == "http://127.0.0.1:8900/hooks/label-studio/moods"
    assert list(hook.headers.values()) == [SECRET]


def test_a_project_file_fills_a_wish() -> None:
    from serving.project_file import ProjectFile

    file = ProjectFile(slug="reviews", title="t", label_config=CONFIG, epsilon=0.2, audit_rate=0.3)
    wish = of_file(replace(WISH, history=Path("old.jsonl")), file)
    assert (wish.slug, wish.epsilon, wish.audit_rate, wish.url) == ("reviews", 0.2, 0.3, WISH.url)
    assert wish.history == Path("old.jsonl")
