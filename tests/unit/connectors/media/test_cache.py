from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from connectors.media.cache import MediaCache
from connectors.media.policy import FetchPolicy
from models.errors import ConfigurationError

KIB = 1024


def cache(folder: Path, max_bytes: int = 400 * KIB, grace: float = 0.0) -> MediaCache:
    return MediaCache(folder, max_bytes=max_bytes, grace=grace)


def store(into: MediaCache, name: str, content: bytes) -> Path:
    with into.incoming() as new:
        new.write(content)
        path = into.keep(new)
    into.remember(name, path)
    return path


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def size_on_disk(folder: Path) -> int:
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())


def test_content_is_found_under_its_name_and_named_by_its_digest(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    path = store(kept, "http://a/1", b"content")
    assert path.name == hashlib.sha256(b"content").hexdigest()
    assert path.read_bytes() == b"content"
    assert kept.find("http://a/1") == path
    assert kept.find("http://a/2") is None


def test_a_later_process_finds_it(tmp_path: Path) -> None:
    path = store(cache(tmp_path), "http://a/1", b"content")
    assert cache(tmp_path).find("http://a/1") == path


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    assert store(kept, "http://a/1", b"same") == store(kept, "http://a/2", b"same")
    assert len(list((tmp_path / "content").rglob("*/*"))) == 1


def test_what_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    with kept.incoming() as new:
        new.write(b"half")
        assert new.path.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_bound_holds_and_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    for number in range(60):
        path = store(kept, f"http://a/{number}", bytes([number]) * 20 * KIB)
        age(path, 1000 - number)
        assert kept.find("http://a/0") is not None  # used all the time
        assert size_on_disk(tmp_path) <= 400 * KIB + 20 * KIB
    assert kept.find("http://a/59") is not None
    assert kept.find("http://a/1") is None
    assert size_on_disk(tmp_path) >= 300 * KIB


def test_many_small_names_count_too(tmp_path: Path) -> None:
    kept = cache(tmp_path, max_bytes=100 * KIB)
    path = store(kept, "first", b"content")
    for number in range(200):
        os.utime(path)
        kept.remember(f"http://a/{number}", path)
    assert kept.find("http://a/199") == path
    assert kept.find("http://a/0") is None
    assert size_on_disk(tmp_path) <= 104 * KIB


def test_what_was_just_used_stays_even_over_the_limit(tmp_path: Path) -> None:
    kept = cache(tmp_path, max_bytes=40 * KIB, grace=60.0)
    paths = [store(kept, f"http://a/{number}", bytes([number]) * 20 * KIB) for number in range(10)]
    assert all(path.exists() for path in paths)
    for path in paths:
        age(path, 100)
    last = store(kept, "http://a/last", b"x" * 20 * KIB)
    assert [path.exists() for path in [*paths, last]] == [False] * 10 + [True]


def test_what_is_found_while_room_is_made_is_either_kept_or_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = cache(tmp_path, max_bytes=40 * KIB)
    old = store(kept, "http://a/old", b"o" * 20 * KIB)
    age(old, 100)
    unlink, found, waited = Path.unlink, list[Path | None](), list[bool]()

    def slow(path: Path, *, missing_ok: bool = False) -> None:
        if path == old:
            finder = threading.Thread(target=lambda: found.append(kept.find("http://a/old")))
            finder.start()
            finder.join(0.3)
            waited.append(finder.is_alive())
            finders.append(finder)
        unlink(path, missing_ok=missing_ok)

    finders: list[threading.Thread] = []
    monkeypatch.setattr(Path, "unlink", slow)
    for number in range(3):
        store(kept, f"http://a/{number}", bytes([number]) * 20 * KIB)
    for finder in finders:
        finder.join()
    assert not old.exists()
    assert waited == [True], "it is about to go: nobody is given it any more"
    assert found == [None]


def test_content_that_is_gone_is_not_remembered(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    path = store(kept, "http://a/1", b"content")
    path.unlink()
    kept.remember("http://a/2", path)
    assert (kept.find("http://a/1"), kept.find("http://a/2")) == (None, None)


def test_files_of_a_killed_writer_are_cleared_away(tmp_path: Path) -> None:
    kept = cache(tmp_path, max_bytes=40 * KIB)
    stale = tmp_path / "incoming" / "killed"
    stale.write_bytes(b"x" * 100 * KIB)
    age(stale, 1000)
    store(kept, "http://a/1", b"content")
    assert not stale.exists()


@pytest.mark.parametrize("damage", [b"", b"cont", b"content and more"])
def test_content_that_a_power_cut_damaged_is_fetched_again(tmp_path: Path, damage: bytes) -> None:
    kept = cache(tmp_path)
    path = store(kept, "http://a/1", b"content")
    path.write_bytes(damage)
    assert kept.find("http://a/1") is None
    assert store(kept, "http://a/1", b"content").read_bytes() == b"content"
    assert kept.find("http://a/1") == path


@pytest.mark.parametrize("damage", ["", "../../../etc/passwd 7", "0" * 64, "0" * 64 + " seven", "\u00e9 1 2"])
def test_damaged_names_are_not_followed(tmp_path: Path, damage: str) -> None:
    kept = cache(tmp_path)
    store(kept, "http://a/1", b"content")
    (entry,) = [path for path in (tmp_path / "names").rglob("*") if path.is_file()]
    entry.write_text(damage, encoding="utf-8")
    assert kept.find("http://a/1") is None


@pytest.mark.parametrize("field", ["max_bytes", "max_pixels", "seconds", "cache_bytes"])
def test_limits_are_positive(field: str) -> None:
    limits: dict[str, int] = {field: 0}
    with pytest.raises(ConfigurationError, match=f"{field} must be greater than 0"):
        FetchPolicy(**limits)  # type: ignore[arg-type]  # one of several names


def test_the_cache_holds_at_least_one_item() -> None:
    with pytest.raises(ConfigurationError, match="cache_bytes must hold at least one item"):
        FetchPolicy(max_bytes=1000, cache_bytes=999)
