"""The wizard: each step, what it keeps on the server, and what it never says again."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from models.costs import Costs
from serving.api.application import create_app
from serving.console import connect, connect_go, connect_project, connect_terms, doctor, rehearsal, staff  # noqa: F401
from serving.pipeline import reconcile
from serving.projects import drafts
from serving.secrets import viewer_token
from serving.store.records import ProjectRow
from tests.support.local_world import CONFIG, LocalWorld, choice, easy
from tests.support.studio_twin import MY_ID, TOKEN, StudioTwin, studio_twin
from tests.unit.connectors.media.pictures import image_bytes
from tests.unit.serving.console.wizard import BUDGET, HTMX, pick, session_of, sign

SPANS = (
    '<View><Labels name="name" toName="text"><Label value="person"/></Labels><Text name="text" value="$text"/></View>'
)
BOXES = (
    '<View><Image name="image" value="$image"/><RectangleLabels name="box" toName="image">'
    '<Label value="car"/></RectangleLabels></View>'
)
IMAGE = '<Image name="text" value="$image"/>'


@pytest.fixture
def browser(operator: TestClient) -> TestClient:
    return operator


def project(world: LocalWorld, slug: str) -> ProjectRow:
    with world.store.read() as uow:
        return uow.projects.by_slug(slug)


def test_only_operators_connect(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    pages = ("", "/project", "/projects", "/budget", "/costs", "/go", "/done", "/rehearsal", "/media/1/image")
    changes = ("/account", "/project", "/model", "/budget", "/costs", "/go", "/forget")
    browser.cookies.clear()
    for path in pages:
        assert browser.get(f"/connect{path}", follow_redirects=False).headers["location"] == "/sign-in", path
    browser.post("/sign-in", data={"token": viewer_token(there.runtime.settings)}, follow_redirects=False)
    assert "/connect" not in browser.get("/").text
    assert [browser.get(f"/connect{path}").status_code for path in pages] == [403] * len(pages)
    assert [browser.post(f"/connect{path}").status_code for path in changes] == [403] * len(changes)
    browser.post("/sign-in", data={"token": "operator-token"}, follow_redirects=False)
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert [browser.post(f"/connect{path}", headers=elsewhere).status_code for path in changes] == [403] * len(changes)
    assert 'href="/connect"' in browser.get("/").text


def test_steps_wait_for_those_before(browser: TestClient, studio: StudioTwin) -> None:
    for path in ("project", "budget", "costs", "go"):
        assert browser.get(f"/connect/{path}", follow_redirects=False).headers["location"] == "/connect"
    sign(browser, studio)
    assert browser.get("/connect/project").status_code == 200
    assert browser.get("/connect/go", follow_redirects=False).headers["location"] == "/connect/project"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http:", "Write the address as http://host:port"),
        ("ftp://127.0.0.1", "Write the address as http://host:port"),
        ("http://127.0.0.1:9", "Nothing answers at http://127.0.0.1:9"),
        ("http://169.254.169.254/latest", "link-local or reserved"),
        ("http://[::ffff:169.254.169.254]/", "link-local or reserved"),
        ("http://0.0.0.0:8080", "link-local or reserved"),
        ("http://me:secret@127.0.0.1:9", "Leave user and password out"),
        ("127.0.0.1:9", "Nothing answers at http://127.0.0.1:9:"),
        ("http://127.0.0.1:9/projects/1/data?tab=1", "Nothing answers at http://127.0.0.1:9:"),
        ("http://127.0.0.1:port", "Write the address as http://host:port"),
        ("no-such-host.invalid/projects/1", "There is no host no-such-host.invalid"),
        ("http://no-such-host.invalid", "There is no host no-such-host.invalid"),
    ],
)
def test_an_address_that_will_not_do_says_why(browser: TestClient, url: str, said: str) -> None:
    page = browser.post("/connect/account", data={"url": url, "token": TOKEN}, headers=HTMX).text
    assert said in page
    assert 'role="alert"' in page
    assert TOKEN not in page


def test_the_token_goes_only_where_a_label_studio_has_answered(browser: TestClient, studio: StudioTwin) -> None:
    page = browser.post("/connect/account", data={"url": studio.url}, headers=HTMX).text
    assert "Label Studio 1.23.2 answers" in page
    assert {given for _, given in studio.seen} == {""}
    page = sign(browser, studio, token="f" * 40)
    assert "does not know this token" in page
    assert "prelabel@example.com" not in page
    page = sign(browser, studio)
    assert "it is prelabel@example.com" in page
    assert "Moods of reviews" in page
    assert "55 tasks" in page
    assert {path for path, given in studio.seen if not given} == {"/api/version/"}


def test_the_address_of_a_page_of_label_studio_is_cut_to_the_servers(
    there: LocalWorld, browser: TestClient, studio: StudioTwin
) -> None:
    for typed in (f"{studio.url}/projects/1/data?tab=1#top", studio.url.removeprefix("http://") + "/user/account"):
        page = browser.post("/connect/account", data={"url": typed, "token": TOKEN}, headers=HTMX).text
        assert f"answers at {studio.url}." in page
        assert "it is prelabel@example.com" in page
        assert 'role="alert"' not in page
        assert drafts.load(there.runtime, session_of(browser)["draft"]).url == studio.url
    page = browser.post("/connect/account", data={"url": f"{studio.url}/projects"}, headers=HTMX).text
    assert "it is prelabel@example.com" in page, "the kept token is this address's, however it is written"


def test_a_kept_token_is_not_sent_to_another_address(browser: TestClient, studio: StudioTwin) -> None:
    sign(browser, studio)
    page = browser.post("/connect/account", data={"url": studio.url, "token": ""}, headers=HTMX).text
    assert "it is prelabel@example.com" in page
    with studio_twin() as other:
        page = browser.post("/connect/account", data={"url": other.url, "token": ""}, headers=HTMX).text
        assert "Now the token." in page
        assert {given for _, given in other.seen} == {""}


def test_the_token_is_nowhere_but_encrypted_in_the_store(
    there: LocalWorld, browser: TestClient, studio: StudioTwin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pages = [sign(browser, studio), pick(browser, studio)]
    browser.post("/connect/budget", data=BUDGET, headers=HTMX)
    pages += [browser.get(f"/connect{path}").text for path in ("", "/project", "/budget", "/costs", "/go")]
    assert all(TOKEN not in page for page in pages)
    assert TOKEN not in json.dumps(session_of(browser))
    assert all(TOKEN not in str(record.__dict__) for record in caplog.records if "prelabel" in record.name)
    id = session_of(browser)["draft"]
    with there.store.read() as uow:
        body = uow.drafts.get(id, there.clock())
    assert body is not None
    assert TOKEN.encode() not in body
    assert drafts.load(there.runtime, id).token == TOKEN
    assert TOKEN not in repr(drafts.load(there.runtime, id))


def test_a_draft_expires_and_is_no_other_sign_ins(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    pick(browser, studio)
    with TestClient(create_app(there.runtime), headers={"Origin": "http://testserver"}) as other:
        other.post("/sign-in", data={"token": "operator-token"}, follow_redirects=False)
        assert other.get("/connect/go", follow_redirects=False).headers["location"] == "/connect"
    assert browser.get("/connect/go").status_code == 200
    there.later(drafts.LASTS_S)
    assert browser.get("/connect/go", follow_redirects=False).headers["location"] == "/connect"
    with there.store.begin() as uow:
        assert uow.drafts.purge(there.clock()) == 1


def test_another_secret_key_opens_no_draft(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    from serving.secrets import Vault, new_key

    sign(browser, studio)
    id = session_of(browser)["draft"]
    assert drafts.load(replace(there.runtime, vault=Vault(new_key())), id) == drafts.Draft()


def test_begin_anew(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    sign(browser, studio)
    id = session_of(browser)["draft"]
    browser.post("/connect/forget")
    assert drafts.load(there.runtime, id) == drafts.Draft()
    assert session_of(browser).get("draft") != id


def test_a_project_is_mapped(browser: TestClient, studio: StudioTwin) -> None:
    page = pick(browser, studio)
    assert 'value="moods-of-reviews"' in page
    assert "learns from this project's labels" in page
    assert "good, bad" in page
    assert '<option value="minilm"' in page
    assert '<option value="classifier"' in page
    assert '<option value="pixels"' not in page
    assert "/connect/rehearsal" in page
    again = browser.get("/connect/project")
    assert again.status_code == 200
    assert "/connect/rehearsal" in again.text, "what was chosen is there when one comes back"


def test_what_hinders_names_the_setting(browser: TestClient, studio: StudioTwin) -> None:
    assert "Settings &gt; Labeling Interface" in pick(browser, studio, 2) or "No model is proposed" in pick(
        browser, studio, 2
    )
    assert browser.get("/connect/go", follow_redirects=False).headers["location"] == "/connect/project"
    assert "make it a member of the project" in pick(browser, studio, 77)
    pick(browser, studio)
    taken = browser.post("/connect/model", data={"slug": "moods"}, headers=HTMX).text
    assert "The name moods is taken" in taken
    wrong = browser.post("/connect/model", data={"slug": "No!"}, headers=HTMX).text
    assert "begin with a small letter" in wrong
    assert "/connect/rehearsal" not in wrong
    other = browser.post("/connect/model", data={"slug": "mine", "encoder": "pixels"}, headers=HTMX).text
    assert "do not fit" in other
    good = browser.post("/connect/model", data={"slug": "mine", "encoder": "ngram"}, headers=HTMX).text
    assert 'form="model" name="onward"' in good
    onward = browser.post("/connect/model", data={"slug": "mine", "onward": "true"}, headers=HTMX)
    assert onward.headers["hx-redirect"] == "/connect/budget"
    stays = browser.post("/connect/model", data={"slug": "moods", "onward": "true"}, headers=HTMX)
    assert "hx-redirect" not in stays.headers
    assert "is taken" in stays.text


def test_labels_that_are_there_teach_a_model_that_predicts(browser: TestClient, studio: StudioTwin) -> None:
    pick(browser, studio)
    page = browser.get("/connect/rehearsal").text
    assert "was taught just now by 30 labelled tasks" in page
    assert page.count("<article") == 20
    assert page.count('class="chips"') == 20
    assert "confidence" in page


def test_a_model_that_has_learned_nothing_says_so(browser: TestClient, studio: StudioTwin) -> None:
    fresh = studio.project("Fresh", CONFIG)
    fresh.add({"text": "good <b>day</b>"}, choice("good"))
    fresh.add({"text": "no label yet"})
    pick(browser, studio, fresh.id)
    page = browser.get("/connect/rehearsal").text
    assert "Nothing is predicted yet" in page
    assert "Of the 2 tasks that were read, 1 is labelled." in page
    assert "once there are 200 labels" in page
    assert page.count('class="chips"') == 1, "the label that a person gave, and nothing else"
    assert "good &lt;b&gt;day&lt;/b&gt;" in page
    assert "confidence" not in page


def test_labels_of_the_account_itself_teach_nothing_and_are_warned_of(
    there: LocalWorld, browser: TestClient, studio: StudioTwin
) -> None:
    mine = studio.project("Mine", CONFIG)
    for text, label in easy(8):
        mine.add({"text": text}, choice(label), by=MY_ID)
    for text, label in easy(2, seed=3):
        mine.add({"text": text}, choice(label))
    warned = "8 labels here are by this account (prelabel@example.com) and will not count"
    assert warned in pick(browser, studio, mine.id)
    page = browser.get("/connect/rehearsal").text
    assert "Of the 10 tasks that were read, 2 are labelled." in page
    assert "was taught" not in page
    assert page.count('class="chips"') == 2, "what the account wrote is not drawn as a person's answer"
    assert warned in browser.get("/connect/go").text
    done = browser.post("/connect/go").text
    assert "mine is connected" in done, "it hinders nobody"
    assert warned in done
    made = project(there, "mine")
    reconcile.run(there.runtime, made)
    with there.store.read() as uow:
        assert uow.labels.training_count(made.id) <= 2, "the pipeline counts as the rehearsal does"
    found = browser.get("/projects/mine/doctor/findings").text
    assert "8 tasks were labelled by hand with prelabel@example.com: these labels count as written by Prelabel" in found


def test_nobody_is_warned_of_an_account_of_its_own(browser: TestClient, studio: StudioTwin) -> None:
    assert "will not count" not in pick(browser, studio)
    assert "will not count" not in browser.get("/connect/go").text
    browser.post("/connect/model", data={"slug": "mine"}, headers=HTMX)
    browser.post("/connect/go")
    assert "nobody labels with Prelabel&#39;s account" in browser.get("/projects/mine/doctor/findings").text


def test_a_project_that_no_model_fills_has_its_title_and_a_name(browser: TestClient, studio: StudioTwin) -> None:
    page = pick(browser, studio, 2)
    assert "Nothing to predict</h2>" in page
    assert 'value="nothing-to-predict"' in page
    assert "No model is proposed for this labeling interface: name one in a project file" in page
    assert "below" not in page
    assert 'id="encoder"' not in page, "there is nothing to choose from"
    again = browser.get("/connect/project").text
    assert "Nothing to predict</h2>" in again
    pick(browser, studio)
    browser.post("/connect/model", data={"slug": "mine", "encoder": "pixels"}, headers=HTMX)
    misfit = browser.get("/connect/project").text
    assert "do not fit" in misfit
    assert '<option value="ngram"' in misfit, "another can be chosen"


def test_tasks_too_few_for_the_numbers(browser: TestClient, studio: StudioTwin) -> None:
    pick(browser, studio)
    said = "Of the 55 tasks that are there about 41 can train, where 200 labels are asked for"
    assert said in browser.get("/connect/budget").text
    assert said in browser.get("/connect/go").text
    blind = browser.post("/connect/budget", data=BUDGET | {"train_target": "20"}, headers=HTMX).text
    assert "about 14 can be drawn blind, and 50 blind labels are asked for: send about 200 tasks in all" in blind
    fits = BUDGET | {"train_target": "20", "validation_target": "13"}
    assert "tasks that are there" not in browser.post("/connect/budget", data=fits, headers=HTMX).text
    assert "tasks that are there" not in browser.get("/connect/go").text
    assert "is connected" in browser.post("/connect/go").text


def test_an_empty_project(browser: TestClient, studio: StudioTwin) -> None:
    empty = studio.project("Empty", SPANS)
    pick(browser, studio, empty.id)
    assert "has no task yet" in browser.get("/connect/rehearsal").text


def test_pictures_are_served_by_us_and_only_to_this_draft(browser: TestClient, studio: StudioTwin) -> None:
    studio.files["1/car.png"] = ("image/png", image_bytes())
    studio.files["1/evil.png"] = ("text/html", b"<script>alert(1)</script>")
    cars = studio.project("Cars", BOXES)
    good, evil = (cars.add({"image": f"/data/upload/1/{name}.png"}) for name in ("car", "evil"))
    assert browser.get(f"/connect/media/{good}/image").status_code == 404, "no project is chosen"
    pick(browser, studio, cars.id)
    answer = browser.get(f"/connect/media/{good}/image")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == image_bytes()
    assert browser.get(f"/connect/media/{evil}/image").status_code == 502
    assert browser.get(f"/connect/media/{good}/other").status_code == 404
    assert browser.get("/connect/media/1001/image").status_code == 404, "a task of another project"


def test_the_budget_in_plain_words(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    pick(browser, studio)
    page = browser.get("/connect/budget").text
    assert "Of 1,000 accepted labels, at most 50 wrong; we are 90 % sure." in page
    moved = browser.post("/connect/budget", data=BUDGET, headers=HTMX).text
    assert "at most 20 wrong; we are 95 % sure" in moved
    assert "expect the gate to ask for more" in moved
    numbers = drafts.load(there.runtime, session_of(browser)["draft"]).numbers
    assert (numbers["epsilon"], numbers["delta"], numbers["validation_target"]) == (0.02, 0.05, 50)
    refused = browser.post("/connect/budget", data=BUDGET | {"control_rate": "60"}, headers=HTMX).text
    assert "out of its range" in refused
    assert "control_rate" in refused
    assert drafts.load(there.runtime, session_of(browser)["draft"]).numbers == numbers


def test_costs_as_they_are_typed(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    pick(browser, studio)
    said = browser.post("/connect/costs", data={"person_hour": "30", "currency": "CNY"}, headers=HTMX).text
    assert "An hour of a person costs 30 CNY." in said
    assert drafts.load(there.runtime, session_of(browser)["draft"]).costs == Costs(person_hour=30, currency="CNY")
    for field, typed, wanted in (
        ("person_hour", "-3", "An hour of a person costs a number from 0 to 1,000,000,000."),
        ("compute_hour", "?", "An hour of the machine costs a number from 0 to 1,000,000,000."),
        ("item_seconds", "0", "The seconds that an item takes are a number above 0, at most 1,000,000."),
        ("item_seconds", "99999999", "The seconds that an item takes are a number above 0, at most 1,000,000."),
        ("currency", "1  2", "The currency is text of 1 to 12 characters, such as EUR."),
    ):
        refused = browser.post("/connect/costs", data={field: typed}, headers=HTMX).text
        assert wanted in refused
        assert "<details" not in refused
        assert "costs 30" not in refused
    browser.post("/connect/costs", data={"currency": "EUR"}, follow_redirects=False)
    assert drafts.load(there.runtime, session_of(browser)["draft"]).costs is None


def test_go(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    pick(browser, studio)
    browser.post("/connect/model", data={"slug": "mine", "encoder": "ngram"}, headers=HTMX)
    browser.post("/connect/budget", data=BUDGET, headers=HTMX)
    browser.post("/connect/costs", data={"person_hour": "30", "currency": "CNY"}, headers=HTMX)
    over = browser.get("/connect/go").text
    assert all(one in over for one in ("Moods of reviews", "mine", "at most 20 wrong", "30 CNY"))
    id = session_of(browser)["draft"]
    page = browser.post("/connect/go").text
    assert "mine is connected" in page
    made = project(there, "mine")
    assert (made.platform_url, made.platform_project, made.epsilon, made.delta) == (studio.url, 1, 0.02, 0.05)
    assert made.costs == Costs(person_hour=30, currency="CNY")
    assert there.runtime.vault.decrypt(made.token).decode() == TOKEN
    [hook] = studio.hooks.values()
    secret = there.runtime.vault.decrypt(made.webhook_secret).decode()
    assert list(hook["headers"].values()) == [secret]
    assert secret in page
    again = browser.get("/connect/done").text
    assert secret not in again
    assert "was shown once" in again
    assert drafts.load(there.runtime, id) == drafts.Draft()
    progress = browser.get("/connect/arrived/mine").text
    assert "Reading tasks: 0 of 55." in progress
    assert "hx-get" in progress
    reconcile.run(there.runtime, made)
    progress = browser.get("/connect/arrived/mine").text
    assert "All of it is read: 55 tasks." in progress
    assert "hx-get" not in progress
    assert "connected as mine" in sign(browser, studio)
    assert "connected already, as mine" in browser.post("/connect/project", data={"project": "1"}, headers=HTMX).text


def test_what_breaks_at_the_end_stores_nothing(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    pick(browser, studio)
    del studio.projects[1]
    answer = browser.post("/connect/go")
    assert answer.status_code == 422
    assert "make it a member of the project" in answer.text
    with there.store.read() as uow:
        assert [one.slug for one in uow.projects.list()] == ["moods"]


def test_the_doctor_is_live(there: LocalWorld, browser: TestClient, studio: StudioTwin) -> None:
    pick(browser, studio)
    browser.post("/connect/model", data={"slug": "mine"}, headers=HTMX)
    browser.post("/connect/go")
    assert "/projects/mine/doctor/findings" in browser.get("/projects/mine/doctor").text
    studio.hooks.clear()
    found = browser.get("/projects/mine/doctor/findings").text
    assert "there are 0 webhooks" in found
    assert "/projects/mine/doctor/fix" in found
    fixed = browser.post("/projects/mine/doctor/fix", headers=HTMX).text
    assert "there are 0 webhooks" not in fixed
    assert len(studio.hooks) == 1
    studio.hooks.clear()
    by_itself = browser.post("/projects/mine/doctor/fix", follow_redirects=False)
    assert (by_itself.status_code, by_itself.headers["location"]) == (303, "/projects/mine/doctor")
    assert len(studio.hooks) == 1
    browser.post("/sign-in", data={"token": viewer_token(there.runtime.settings)}, follow_redirects=False)
    studio.hooks.clear()
    found = browser.get("/projects/mine/doctor/findings").text
    assert "there are 0 webhooks" in found
    assert "doctor/fix" not in found
    assert browser.post("/projects/mine/doctor/fix").status_code == 403


def test_an_item_of_a_connected_project_shows_its_picture(
    there: LocalWorld, browser: TestClient, studio: StudioTwin
) -> None:
    studio.files["1/a.png"] = ("image/png", image_bytes())
    digits = studio.project("Digits", CONFIG.replace('<Text name="text" value="$text"/>', IMAGE))
    task = digits.add({"image": "/data/upload/1/a.png"})
    pick(browser, studio, digits.id)
    browser.post("/connect/go")
    made = project(there, "digits")
    reconcile.run(there.runtime, made)
    page = browser.get(f"/projects/digits/items/{task}").text
    assert f'src="/projects/digits/items/{task}/media/image"' in page
    assert browser.get(f"/projects/digits/items/{task}/media/image").content == image_bytes()
    assert browser.get(f"/projects/digits/items/{task}/media/other").status_code == 404
    assert browser.get(f"/projects/digits/items/{task + 1}/media/image").status_code == 404
    browser.cookies.clear()
    answer = browser.get(f"/projects/digits/items/{task}/media/image", follow_redirects=False)
    assert answer.headers["location"] == "/sign-in"
