"""Drafts: sealed, gone when they have expired, with the media that were fetched for them."""

from __future__ import annotations

import os
import time

from models.specs import HeadSpec, TransformersSpec
from serving.projects import drafts
from serving.projects.drafts import Draft
from serving.projects.mapping import mapping
from tests.support.local_world import LocalWorld


def test_a_draft_comes_back_as_it_was(world: LocalWorld) -> None:
    draft = Draft(url="http://ls", token="t" * 40, email="a@b", project=3, numbers={"epsilon": 0.02, "tabs": True})
    drafts.save(world.runtime, "id", draft)
    assert drafts.load(world.runtime, "id") == draft
    assert drafts.load(world.runtime, "other") == drafts.load(world.runtime, None) == Draft()
    drafts.remove(world.runtime, "id")
    assert drafts.load(world.runtime, "id") == Draft()


def test_a_change_is_made_of_the_newest_draft(world: LocalWorld) -> None:
    runtime = world.runtime

    def later(newest: Draft) -> Draft:
        if newest.slug != "meanwhile":
            drafts.change(runtime, "id", lambda one: one.model_copy(update={"slug": "meanwhile"}))
        return newest.model_copy(update={"url": "u"})

    assert drafts.change(runtime, "id", later) == Draft(url="u", slug="meanwhile")
    assert drafts.load(runtime, "id") == Draft(url="u", slug="meanwhile")

    def forgotten(newest: Draft) -> Draft | None:
        if not newest.url:
            return None
        drafts.remove(runtime, "id")
        return newest.model_copy(update={"title": "t"})

    assert drafts.change(runtime, "id", forgotten) == Draft(), "what is gone meanwhile stays gone"
    assert drafts.load(runtime, "id") == Draft()


def test_a_change_lets_a_draft_last_and_no_change_does_not(world: LocalWorld) -> None:
    drafts.save(world.runtime, "id", Draft(url="u"))
    world.later(drafts.LASTS_S - 1)
    assert drafts.change(world.runtime, "id", lambda newest: newest) == Draft(url="u")
    world.later(drafts.LASTS_S - 1)
    assert drafts.change(world.runtime, "id", lambda _: None) == Draft(url="u")
    world.later(1)
    assert drafts.load(world.runtime, "id") == Draft()


def test_what_it_wishes_for() -> None:
    draft = Draft(url="http://ls", token="t", project=3, slug="mine", numbers={"epsilon": 0.02, "validation_people": 3})
    wish = draft.wish()
    assert (wish.slug, wish.spec, wish.epsilon, wish.delta, wish.validation_people) == ("mine", None, 0.02, 0.1, 3)
    assert draft.model_copy(update={"encoder": "minilm"}).spec == HeadSpec(encoder="minilm")
    assert draft.model_copy(update={"classifier": "a/b"}).spec == TransformersSpec(source="a/b")


def test_folders_go_with_their_draft_or_an_hour_later(world: LocalWorld) -> None:
    for id in ("old", "new", "removed"):
        drafts.folder(world.runtime, id).mkdir(parents=True)
    before = time.time() - drafts.LASTS_S - 1
    os.utime(drafts.folder(world.runtime, "old"), (before, before))
    drafts.save(world.runtime, "new", Draft(url="u"))
    drafts.remove(world.runtime, "removed")
    assert [drafts.folder(world.runtime, id).exists() for id in ("old", "new", "removed")] == [False, True, False]


def test_the_pipeline_takes_expired_drafts_away(world: LocalWorld) -> None:
    from serving.pipeline.vitals import Vitals

    drafts.save(world.runtime, "id", Draft(url="u"))
    world.later(drafts.LASTS_S)
    Vitals(world.runtime).write({})
    with world.store.read() as uow:
        assert uow.drafts.get("id", 0.0) is None


def test_mapping_of_the_world(world: LocalWorld) -> None:
    project = world.project
    [row] = mapping(project.spec, project.label_config)
    assert (row["control"], row["model"]["encoder"], row["labels"]) == ("mood", "ngram", ("good", "bad"))
