"""What is said of an address and a token while somebody types them, in the language of the page."""

from __future__ import annotations

import pytest

from serving.language import speaking
from serving.projects.reaching import Problem, account_of, reach
from tests.support import marked
from tests.support.studio_twin import TOKEN, studio_twin


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://127.0.0.1", "Write the address as"),
        ("http://user:word@127.0.0.1", "Leave user and password out"),
        ("http://127.0.0.1:9/projects/1?a=1", "Nothing answers at http://127.0.0.1:9:"),
        ("http://169.254.169.254", "link-local or reserved"),
        ("http://127.0.0.1:9", "Nothing answers"),
    ],
)
def test_an_address_that_will_not_do(url: str, said: str) -> None:
    with pytest.raises(Problem, match=said) as caught:
        reach(url)
    assert caught.value.field == "url"


def test_a_label_studio_is_reached_and_its_projects_are_listed() -> None:
    with studio_twin() as twin:
        twin.project("Moods", "<View/>")
        found = reach(f" {twin.url}/ ")
        assert (found.url, found.public, found.version) == (twin.url, False, "1.23.2")
        assert [one.title for one in account_of(twin.url, TOKEN).projects] == ["Moods"]


def test_a_wrong_token_is_told_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    marked.speak(monkeypatch)
    with studio_twin() as twin:
        with speaking(marked.TAG), pytest.raises(Problem) as caught:
            account_of(twin.url, "another")
        assert caught.value.field == "token"
        assert marked.unmarked(caught.value.text, []) == []
        with speaking("zh-Hans"), pytest.raises(Problem, match="Label Studio 不认识这个令牌"):
            account_of(twin.url, "another")
