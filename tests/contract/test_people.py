"""One suite for both platforms: what a person holds by their own account, and the tab of a queue."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import httpx
import pytest

from connectors.base import Annotator, Claim, Platform, User
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.person import Person
from connectors.label_studio.tabs import PREFIX, QUEUE
from connectors.memory import MemoryAnnotator, MemoryPlatform
from models.errors import AuthenticationError, PlatformRefused, PlatformUnavailable
from scripts import label_studio
from scripts.label_studio import Server
from tests.support.label_studio import RemoteHands, trainer
from tests.support.predictions import XML, human, outgoing

# The SDK, when it refreshes a personal access token.
pytestmark = pytest.mark.filterwarnings("ignore:The `parse_obj` method is deprecated:DeprecationWarning")


class Site(Protocol):
    """A project, its people, and what they see."""

    @property
    def platform(self) -> Platform: ...

    def texts(self, count: int) -> list[int]: ...
    def delete(self, task_id: int) -> None: ...

    def person(self, number: int) -> Annotator:
        """The account of one of the people."""
        ...

    def label(self, number: int, task_id: int) -> None:
        """A person labels a task."""
        ...

    def stream(self, number: int) -> int | None:
        """What the platform's own stream gives to a person; it lends what it gives."""
        ...

    def tabs(self) -> dict[str, set[int]]:
        """Email of each person with a tab -> the tasks in it."""
        ...

    def queues(self) -> dict[str, set[int]]:
        """Name of each queue with a tab -> the tasks in it."""
        ...


class InMemory:
    def __init__(self) -> None:
        self.platform = MemoryPlatform(XML)

    def texts(self, count: int) -> list[int]:
        return self.platform.add_tasks({"text": f"text {number}"} for number in range(count))

    def delete(self, task_id: int) -> None:
        self.platform.delete_tasks([task_id])

    def person(self, number: int) -> Annotator:
        return MemoryAnnotator(self.platform, User(100 + number, f"person-{number}@example.com"))

    def label(self, number: int, task_id: int) -> None:
        self.platform.annotate(task_id, human("good"), user_id=100 + number)

    def stream(self, number: int) -> int | None:
        found = next(iter(self.platform.offered(100 + number)), None)
        if found is not None:
            self.platform.claim(found, 100 + number)
        return found

    def tabs(self) -> dict[str, set[int]]:
        return {name: set(shown) for name, shown in self.platform.tabs.items()}

    def queues(self) -> dict[str, set[int]]:
        return {name: set(shown) for name, shown in self.platform.queues.items()}


class OnLabelStudio:
    def __init__(self, server: Server, open_: ExitStack) -> None:
        self.server, self._open = server, open_
        self.hands = RemoteHands(server, XML)
        self.project_id = self.hands.project_id
        self.platform = LabelStudio(server.url, server.token, self.project_id)
        open_.callback(self.hands.close)
        open_.callback(self.platform.close)

    def texts(self, count: int) -> list[int]:
        return self.hands.add_tasks([{"text": f"text {number}"} for number in range(count)])

    def delete(self, task_id: int) -> None:
        self.hands.delete_tasks([task_id])

    def person(self, number: int) -> Person:
        made = Person(self.server.url, trainer(self.server, f"person-{number}"), self.project_id)
        self._open.callback(made.close)
        return made

    def _http(self, number: int, path: str, body: dict[str, Any], **params: str | int) -> httpx.Response:
        headers = {"Authorization": f"Token {trainer(self.server, f'person-{number}')}"}
        url = f"{self.server.url}{path}"
        with httpx.Client(headers=headers, timeout=60.0, trust_env=False) as http:
            return http.post(url, json=body, params=params)

    def label(self, number: int, task_id: int) -> None:
        self._http(number, f"/api/tasks/{task_id}/annotations/", {"result": human("good")}).raise_for_status()

    def skip(self, number: int, task_id: int) -> None:
        body = {"result": [], "was_cancelled": True}
        self._http(number, f"/api/tasks/{task_id}/annotations/", body).raise_for_status()

    def stream(self, number: int) -> int | None:
        answer = self._http(number, "/api/dm/actions/", {}, id="next_task", project=self.project_id)
        return None if answer.status_code == 404 else int(answer.raise_for_status().json()["id"])

    def views(self, prefix: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.hands.admin.get("/api/dm/views/", params={"project": self.project_id}).json()
        return [view for view in found if view["data"]["title"].startswith(prefix)]

    def tabs(self) -> dict[str, set[int]]:
        return self._listed(PREFIX)

    def queues(self) -> dict[str, set[int]]:
        return self._listed(QUEUE)

    def _listed(self, prefix: str) -> dict[str, set[int]]:
        return {view["data"]["title"].removeprefix(prefix): self.listed(view["id"]) for view in self.views(prefix)}

    def listed(self, view: int) -> set[int]:
        params = {"view": view, "project": self.project_id, "page_size": 1000}
        return {task["id"] for task in self.hands.admin.get("/api/tasks/", params=params).json()["tasks"]}


@pytest.fixture(params=["memory", pytest.param("label_studio", marks=pytest.mark.label_studio)])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "memory":
        yield InMemory()
        return
    with ExitStack() as open_:
        yield OnLabelStudio(request.getfixturevalue("server"), open_)


def test_one_holds_and_the_others_do_not(site: Site) -> None:
    [first, second, third] = site.texts(3)
    one, two = site.person(1), site.person(2)
    assert one.whoami() != two.whoami()
    assert [one.claim(second), one.claim(second)] == [Claim.HELD] * 2
    assert two.claim(second) is Claim.TAKEN
    assert two.claim(third) is Claim.HELD
    assert site.stream(1) == second, "what a person holds comes first"
    assert site.stream(2) == third
    assert site.stream(3) == first
    assert site.stream(4) is None


def test_the_stream_of_others_never_gives_what_is_held(site: Site) -> None:
    ids = site.texts(8)
    held = [ids[0], ids[3], ids[7]]
    assert [site.person(1).claim(task_id) for task_id in held] == [Claim.HELD] * 3
    given = []
    while (task_id := site.stream(2)) is not None:
        given.append(task_id)
        site.label(2, task_id)
    assert sorted(given) == sorted(set(ids) - set(held))
    for task_id in held:
        site.label(1, task_id)
    assert len(site.platform.annotations(ids)) == 8


def test_what_is_done_or_gone_cannot_be_held(site: Site) -> None:
    [mine, theirs, gone] = site.texts(3)
    one, two = site.person(1), site.person(2)
    one.claim(mine)
    site.label(1, mine)
    site.label(2, theirs)
    site.delete(gone)
    assert [one.claim(task_id) for task_id in (mine, theirs, gone, 10**8)] == [Claim.DONE] * 2 + [Claim.GONE] * 2
    assert two.claim(mine) is Claim.DONE
    for task_id in (mine, theirs, gone):
        one.release(task_id)
    found = site.platform.annotations([mine, theirs])
    assert [[item.was_cancelled for item in found[task_id]] for task_id in (mine, theirs)] == [[False], [False]]


def test_a_label_ends_the_hold(site: Site) -> None:
    [task_id] = site.texts(1)
    site.platform.ask_again({task_id: 2})
    one, two, three = (site.person(number) for number in (1, 2, 3))
    assert [one.claim(task_id), two.claim(task_id)] == [Claim.HELD] * 2
    assert three.claim(task_id) is Claim.TAKEN, "as many hold it as are to label it"
    site.label(1, task_id)
    assert three.claim(task_id) is Claim.TAKEN
    assert one.claim(task_id) is Claim.DONE
    two.release(task_id)
    assert three.claim(task_id) is Claim.HELD


def test_what_is_done_is_offered_once_more_to_one_who_has_not_labelled_it(site: Site) -> None:
    """As gold items are, for each person anew."""
    [task_id] = site.texts(1)
    site.label(1, task_id)
    for number in (2, 3):
        assert site.person(number).claim(task_id) is Claim.DONE
        site.platform.ask_again({task_id: number})
        assert site.person(1).claim(task_id) is Claim.DONE
        assert site.person(number).claim(task_id) is Claim.HELD
        assert site.person(4).claim(task_id) is Claim.TAKEN
        site.label(number, task_id)
    assert site.person(4).claim(task_id) is Claim.DONE


def test_what_is_released_goes_to_others_and_leaves_no_trace(site: Site) -> None:
    [task_id] = site.texts(1)
    one, two = site.person(1), site.person(2)
    one.claim(task_id)
    for _ in range(2):
        one.release(task_id)
    assert site.platform.annotations([task_id]) == {task_id: ()}
    assert two.claim(task_id) is Claim.HELD
    assert one.claim(task_id) is Claim.TAKEN
    one.release(task_id)
    assert two.claim(task_id) is Claim.HELD, "nobody gives up what another holds"
    two.release(task_id)
    assert site.stream(1) == task_id, "nor is it lost to who gave it up"


def test_tabs_show_their_queues(site: Site) -> None:
    ids = site.texts(30)
    for shown in (ids[:3], ids[:3], ids[1:30:2], ids):
        site.platform.show_queues({"blind": shown})
        assert site.queues() == {"blind": set(shown)}
    site.platform.show_queues({"blind": [*ids[5:9], 10**8], "hard": [ids[4]], "empty": []})
    found = {name: shown - {10**8} for name, shown in site.queues().items()}
    assert found == {"blind": set(ids[5:9]), "hard": {ids[4]}}
    for _ in range(2):
        site.platform.show_queues({"hard": [ids[4]], "needs law/de/any from level 3": ids[:2]})
        assert site.queues() == {"hard": {ids[4]}, "needs law/de/any from level 3": set(ids[:2])}
    for _ in range(2):
        site.platform.show_queues({})
        assert site.queues() == {}


def test_a_person_has_one_link_that_gives_one_task(site: Site) -> None:
    ids = site.texts(3)
    one, two = site.person(1), site.person(2)
    link = one.stream_link(ids[0])
    assert (one.stream_link(ids[1]), one.stream_link(ids[1])) == (link, link)
    assert two.stream_link(ids[2]) != link
    mine, theirs = one.whoami().email, two.whoami().email
    assert site.tabs() == {mine: {ids[1]}, theirs: {ids[2]}}
    site.platform.show_queues({"blind": [ids[0]]})
    site.platform.show_queues({})
    assert site.tabs() == {mine: {ids[1]}, theirs: {ids[2]}}, "people's own tabs stay"


@pytest.fixture
def real(server: Server) -> Iterator[OnLabelStudio]:
    with ExitStack() as open_:
        yield OnLabelStudio(server, open_)


@pytest.mark.label_studio
def test_one_tab_whatever_was_left_and_nobody_elses(real: OnLabelStudio) -> None:
    """Two were made at once, somebody widened a column, and somebody has a tab of their own."""
    ids = real.texts(4)
    for title in (*[QUEUE + "blind"] * 2, QUEUE + "of last year", "blind", "Prelabel: of a person", "My tab"):
        body = {"project": real.project_id, "data": {"title": title, "columnsWidth": {"tasks:id": 99}}}
        real.hands.admin.post("/api/dm/views/", json=body).raise_for_status()
    first = real.views(QUEUE)[0]["id"]
    real.platform.show_queues({"blind": ids[:2]})
    [view] = real.views(QUEUE)
    assert (view["id"], view["data"]["columnsWidth"]) == (first, {"tasks:id": 99})
    assert real.listed(first) == set(ids[:2])
    before = view
    real.platform.show_queues({"blind": ids[:2]})
    assert real.views(QUEUE) == [before]
    titles = [view["data"]["title"] for view in real.hands.admin.get("/api/dm/views/").json()]
    assert {"blind", "Prelabel: of a person", "My tab"} <= set(titles)


@pytest.mark.label_studio
@pytest.mark.parametrize("sampling", ["Uniform sampling", "Uncertainty sampling"])
def test_the_very_task_is_held_however_the_project_samples(real: OnLabelStudio, sampling: str) -> None:
    ids = real.texts(6)
    real.hands.admin.patch(f"/api/projects/{real.project_id}/", json={"sampling": sampling}).raise_for_status()
    real.platform.publish_predictions([outgoing(task_id) for task_id in ids[:3]], check_existing=False)
    real.platform.set_model_version("v1")
    one, two = real.person(1), real.person(2)
    for task_id in (ids[4], ids[1]):
        assert [one.claim(task_id), two.claim(task_id)] == [Claim.HELD, Claim.TAKEN]
    given = set()
    while (task := real.stream(2)) is not None:
        given.add(task)
        real.label(2, task)
    # With uncertainty sampling the stream ends when others hold all that is left with a prediction.
    assert {ids[0], ids[2]} <= given <= set(ids) - {ids[4], ids[1]}


@pytest.mark.label_studio
def test_a_skip_that_was_left_behind_is_taken_away(real: OnLabelStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process died in the middle of giving a task back. A skip by the person stays."""
    [task_id, skipped] = real.texts(2)
    person = real.person(1)
    person.claim(task_id)
    request = person._transport.request

    def dies(method: str, path: str, **kwargs: Any) -> Any:
        if method == "DELETE":
            raise KeyboardInterrupt
        return request(method, path, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(person._transport, "request", dies)
        with pytest.raises(KeyboardInterrupt):
            person.release(task_id)
    assert [item.was_cancelled for item in real.platform.annotations([task_id])[task_id]] == [True]
    real.skip(1, skipped)
    person.release(task_id)
    person.release(skipped)
    assert {task: len(found) for task, found in real.platform.annotations([task_id, skipped]).items()} == {
        task_id: 0,
        skipped: 1,
    }
    assert real.person(2).claim(task_id) is Claim.HELD


@pytest.mark.label_studio
def test_a_person_signs_in_with_either_token(real: OnLabelStudio) -> None:
    [task_id] = real.texts(1)
    pat = label_studio.personal_access_token(real.server)
    person = Person(real.server.url + "/", f" {pat}\n", real.project_id)
    assert person.whoami().email == real.server.username
    assert person.may_see_project()
    assert person.claim(task_id) is Claim.HELD
    person.release(task_id)
    person.close()
    elsewhere = Person(real.server.url, real.server.token, 999_999)
    assert not elsewhere.may_see_project()
    with pytest.raises(PlatformRefused, match="404"):
        elsewhere.claim(task_id)
    elsewhere.close()


@pytest.mark.label_studio
def test_a_wrong_token_is_told_plainly(real: OnLabelStudio) -> None:
    for token in (secrets.token_hex(20), label_studio.personal_access_token(real.server)[:-4] + "AAAA"):
        person = Person(real.server.url, token, real.project_id)
        for call in (person.whoami, person.may_see_project, lambda person=person: person.claim(1)):
            with pytest.raises(AuthenticationError, match="Copy it anew") as caught:
                call()
            assert token not in str(caught.value)
        person.close()


@pytest.mark.parametrize("token", ["", " ", "tökén"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(AuthenticationError, match="Copy it anew"):
        Person("http://127.0.0.1:9", token, 1)


def test_nothing_there_is_unavailable() -> None:
    person = Person(f"http://127.0.0.1:{label_studio.free_port()}", "0" * 40, 1)
    for call in (person.whoami, person.may_see_project, lambda: person.claim(1), lambda: person.release(1)):
        with pytest.raises(PlatformUnavailable, match="cannot be reached"):
            call()
    person.close()
