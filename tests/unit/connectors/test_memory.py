"""What the twin in memory does beyond the common suite: faults, and the bulk writer under them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import OutgoingPrediction
from connectors.memory import MemoryPlatform
from models.errors import ConfigurationError, PlatformUnavailable
from models.types import Choices, Prediction, Region

XML = """<View><Text name="t" value="$x"/><Choices name="c" toName="t">
<Choice value="a"/><Choice value="b"/></Choices></View>"""


def outgoing(task_id: int, label: str = "a", version: str = "v1") -> OutgoingPrediction:
    region = Region(control="c", value=Choices(labels=(label,)))
    return OutgoingPrediction(
        task_id, Prediction(key=str(task_id), regions=(region,), confidence=0.5, model_version=version)
    )


def platform(tasks: int) -> tuple[MemoryPlatform, list[int]]:
    made = MemoryPlatform(XML)
    return made, made.add_tasks({"x": str(number)} for number in range(tasks))


def test_failures_come_in_order_and_change_nothing() -> None:
    memory, [task_id] = platform(1)
    memory.fail_next(2, PlatformUnavailable("down"))
    for _ in range(2):
        with pytest.raises(PlatformUnavailable, match="down"):
            memory.publish_predictions([outgoing(task_id)], check_existing=False)
    assert memory.predictions(task_id) == []
    assert memory.publish_predictions([outgoing(task_id)], check_existing=False).stored == (task_id,)


def test_refused_tasks_are_found_by_halving() -> None:
    memory, ids = platform(500)
    guilty = [ids[3], ids[250], ids[251]]
    memory.refuse_tasks(guilty)
    result = memory.publish_predictions([outgoing(i) for i in ids], check_existing=False)
    assert sorted(refusal.task_id for refusal in result.refused) == guilty
    assert sorted(result.stored) == sorted(set(ids) - set(guilty))
    assert all(len(memory.predictions(i)) == (i not in guilty) for i in ids)
    assert memory.calls["send"] <= 1 + 2 * len(guilty) * math.ceil(math.log2(500))


def test_gone_tasks_cost_two_calls() -> None:
    memory, ids = platform(500)
    memory.delete_tasks(ids[::50])
    result = memory.publish_predictions([outgoing(i) for i in ids], check_existing=False)
    assert len(result.refused) == 10
    assert memory.calls["send"] == 2


def test_calls_hold_at_most_500() -> None:
    memory, ids = platform(1201)
    memory.publish_predictions([outgoing(i) for i in ids], check_existing=False)
    assert memory.calls["send"] == 3


def test_a_fault_between_two_calls_leaves_a_state_that_checking_repairs() -> None:
    memory, ids = platform(700)
    memory.publish_predictions([outgoing(i) for i in ids[:500]], check_existing=False)
    memory.fail_next(1, PlatformUnavailable("down"))
    with pytest.raises(PlatformUnavailable):
        memory.publish_predictions([outgoing(i) for i in ids], check_existing=True)
    result = memory.publish_predictions([outgoing(i) for i in ids], check_existing=True)
    assert sorted(result.stored) == ids
    assert all(len(memory.predictions(i)) == 1 for i in ids)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(["fine", "gone", "refused", "dropped", "invalid", "there", "outdated"]), max_size=40),
    st.booleans(),
)
def test_every_task_is_in_exactly_one_of_the_two(fates: list[str], twice: bool) -> None:
    memory, ids = platform(len(fates))
    by_fate = {fate: [i for i, f in zip(ids, fates, strict=True) if f == fate] for fate in set(fates)}
    before = [outgoing(i) for i in by_fate.get("there", [])] + [outgoing(i, "b") for i in by_fate.get("outdated", [])]
    memory.publish_predictions(before, check_existing=False)
    memory.delete_tasks(by_fate.get("gone", []))
    memory.refuse_tasks(by_fate.get("refused", []))
    memory.drop_tasks(by_fate.get("dropped", []))
    batch = [outgoing(i, "z" if fate == "invalid" else "a") for i, fate in zip(ids, fates, strict=True)]
    for _ in range(1 + twice):
        result = memory.publish_predictions(batch, check_existing=True)
        good = {i for i, fate in zip(ids, fates, strict=True) if fate in ("fine", "there", "outdated")}
        assert set(result.stored) == good
        assert sorted([*result.stored, *(refusal.task_id for refusal in result.refused)]) == ids
        assert all(refusal.reason for refusal in result.refused)
        for i in good:
            [(version, stored)] = memory.predictions(i)
            assert (version, stored.result[0]["value"]) == ("v1", {"choices": ["a"]})


def test_annotators_see_the_oldest_of_the_current_version() -> None:
    memory, [task_id] = platform(1)
    memory.publish_predictions([outgoing(task_id, "a", "v1")], check_existing=False)
    assert memory.shown(task_id) is None
    memory.set_model_version("v1")
    memory.publish_predictions([outgoing(task_id, "b", "v1")], check_existing=False)
    shown = memory.shown(task_id)
    assert shown is not None
    assert shown.result[0]["value"] == {"choices": ["a"]}


def test_what_is_handed_out_is_a_copy() -> None:
    memory, [task_id] = platform(1)
    annotation = memory.annotate(task_id, [{"from_name": "c", "value": {"choices": ["a"]}}], lead_time=3.0)
    [page] = list(memory.tasks(with_annotations=True))
    assert page[0].annotations is not None
    page[0].annotations[0].result.clear()
    page[0].data.clear()
    [page] = list(memory.tasks(with_annotations=True))
    assert page[0].annotations is not None
    assert (page[0].annotations[0].result, page[0].annotations[0].lead_time) != ([], None)
    assert page[0].data == {"x": "0"}
    memory.delete_annotation(annotation)
    [page] = list(memory.tasks(with_annotations=True))
    assert page[0].annotations == ()


def test_update_times_differ_even_when_the_clock_stands_still() -> None:
    memory = MemoryPlatform(XML, clock=lambda: 1_700_000_000.0)
    ids = memory.add_tasks({"x": str(number)} for number in range(50))
    [page] = list(memory.tasks(updated_after=0.0))
    assert [task.id for task in page] == ids
    assert len({task.updated_at for task in page}) == 50


def test_a_broken_label_config_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError):
        MemoryPlatform("<View>")
