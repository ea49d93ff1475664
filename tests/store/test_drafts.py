from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from serving.store.draft_tables import draft
from serving.store.engine import Store


def rows(store: Store) -> int:
    with store.engine.connect() as conn:
        return conn.scalar(select(func.count()).select_from(draft)) or 0


def test_a_draft_is_kept_until_it_expires(store: Store) -> None:
    with store.begin() as uow:
        uow.drafts.keep("a", b"one", until=10.0, now=0.0)
        uow.drafts.keep("a", b"two", until=20.0, now=1.0)
        uow.drafts.keep("b", b"other", until=15.0, now=1.0)
    with store.read() as uow:
        assert uow.drafts.get("a", 19.9) == b"two"
        assert uow.drafts.get("a", 20.0) is None, "it has expired, though its row is there"
        assert uow.drafts.get("c", 0.0) is None
    with store.begin() as uow:
        uow.drafts.keep("c", b"third", until=99.0, now=16.0)
    assert rows(store) == 2, "whoever writes a draft takes the expired ones away"
    with store.begin() as uow:
        uow.drafts.remove("c")
        assert uow.drafts.purge(20.0) == 1
    assert rows(store) == 0


def test_a_draft_is_written_only_over_the_one_that_was_read(store: Store) -> None:
    with store.begin() as uow:
        assert not uow.drafts.swap("a", b"gone", b"new", until=9.0, now=0.0), "there is none"
        assert uow.drafts.swap("a", None, b"one", until=9.0, now=0.0)
        assert not uow.drafts.swap("a", None, b"new", until=9.0, now=0.0), "there is one"
        assert not uow.drafts.swap("a", b"other", b"new", until=9.0, now=0.0)
        assert uow.drafts.swap("a", b"one", b"two", until=20.0, now=0.0)
        assert not uow.drafts.swap("a", b"two", b"new", until=30.0, now=20.0), "it has expired"
        assert uow.drafts.swap("a", None, b"three", until=30.0, now=20.0)
    with store.read() as uow:
        assert uow.drafts.get("a", 29.9) == b"three"


def test_of_changes_at_once_none_is_lost(store: Store) -> None:
    def add(letter: int) -> None:
        while True:
            with store.read() as uow:
                was = uow.drafts.get("a", 0.0)
            with store.begin() as uow:
                if uow.drafts.swap("a", was, (was or b"") + bytes([letter]), until=9.0, now=0.0):
                    return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    with store.read() as uow:
        assert sorted(uow.drafts.get("a", 0.0) or b"") == list(range(40))
