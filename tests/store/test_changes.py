"""The audit log and sign-ins, on both databases."""

from __future__ import annotations

from serving.store.changes import FORGOTTEN, NewChange
from tests.store.crowd import Crowd, assert_searched, plans
from tests.store.world import World


def test_a_change_comes_back_as_it_was_written(world: World) -> None:
    new = NewChange(
        "operator",
        "gate.close",
        actor="ada (ada@example.com)",
        project="reviews",
        subject="item 5",
        params={"by": "ada", "skills": [{"level": 2}]},
        reason="nul \x00 and 中文",
        request="r1",
    )
    with world.store.begin() as uow:
        uow.changes.add(new, 12.5)
        uow.changes.add(NewChange("cli", "project.token"), 13.0)
    with world.store.read() as uow:
        newest, first = uow.changes.page()
    assert (newest.action, newest.at, dict(newest.params), newest.reason) == ("project.token", 13.0, {}, None)
    assert {name: getattr(first, name) for name in new.__slots__} == {
        **{name: getattr(new, name) for name in new.__slots__},
        "reason": "nul \ufffd and 中文",
    }


def test_pages_go_on_behind_the_last_row(world: World) -> None:
    with world.store.begin() as uow:
        for n in range(9):
            uow.changes.add(NewChange("cli", f"did.{n}", project="reviews" if n % 2 else "gone"), float(n))
    with world.store.read() as uow:
        seen, before = [], 2**63 - 1
        while rows := uow.changes.page("gone", before=before, limit=2):
            seen += [row.action for row in rows]
            before = rows[-1].id
    assert seen == ["did.8", "did.6", "did.4", "did.2", "did.0"]


def test_a_person_who_is_forgotten_leaves_no_words_and_nobody_else_loses_any(world: World) -> None:
    with world.store.begin() as uow:
        ada = uow.people.add("http://127.0.0.1:8080", 21, email="ada@example.com", name="Ada", now=0.0)
        said = [
            NewChange("trainer", "review.decide", trainer_id=ada.id, project="reviews", reason="hers"),
            NewChange("operator", "person.pause", project="reviews", subject="user 21", reason="about her"),
            NewChange("operator", "person.pause", project="elsewhere", subject="user 21", reason="another 21"),
            NewChange("operator", "person.seat", project="reviews", subject="user 22", params={"daily_cap": 3}),
        ]
        for new in said:
            uow.changes.add(new, 1.0)
    with world.store.begin() as uow:
        found = uow.changes.of_person(["reviews"], ada.id, 21)
        assert [(row.reason, row.trainer) for row in found] == [("hers", "Ada"), ("about her", None)]
        uow.changes.forget(["reviews"], ada.id, 21)
        uow.people.erase(ada.id)
    with world.store.read() as uow:
        rows = uow.changes.page()[::-1]
    assert [row.reason for row in rows] == [FORGOTTEN, FORGOTTEN, "another 21", None]
    assert [row.trainer_id for row in rows] == [None] * 4
    assert dict(rows[3].params) == {"daily_cap": 3}


def test_a_sign_in_holds_until_it_ends(world: World) -> None:
    with world.store.begin() as uow:
        uow.sign_ins.add("a", "operator", until=10.0, now=0.0)
        uow.sign_ins.add("b", "engineer", until=20.0, now=0.0)
    with world.store.begin() as uow:
        assert [uow.sign_ins.role(key, 5.0) for key in "abc"] == ["operator", "engineer", None]
        assert uow.sign_ins.role("a", 10.5) is None
        uow.sign_ins.end("b")
        assert uow.sign_ins.role("b", 5.0) is None
        uow.sign_ins.add("c", "operator", until=30.0, now=15.0)
        assert uow.sign_ins.role("a", 5.0) is None, "what is over goes when somebody signs in"


def test_the_log_is_read_off_an_index(crowd: Crowd) -> None:
    store = crowd.world.store
    pages = plans(store, lambda uow: uow.changes.page(before=9_000))
    assert_searched(pages)
    assert not any("USE TEMP B-TREE" in step or step.startswith("Sort") for step in pages)
    own = plans(store, lambda uow: uow.changes.page("reviews", before=9_000))
    assert_searched(own, "ix_change_project")
    assert not any("USE TEMP B-TREE" in step or step.startswith("Sort") for step in own)
    person = plans(store, lambda uow: uow.changes.of_person(["reviews"], 7, 22))
    assert_searched(person, "ix_change_trainer_id")
    assert_searched(plans(store, lambda uow: uow.changes.forget(["reviews"], 7, 22)), "ix_change_subject")
