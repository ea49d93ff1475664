from __future__ import annotations

import pytest
from pydantic import ValidationError

from models.skills import FieldOfWork, Need, Skill, SkillRule, need_of
from models.types import LabelConfig, Prediction
from tests.unit.models.samples import control, regions

DOMAIN = control(("law", "medicine"), name="domain")
CONFIG = LabelConfig(digest="d", controls=(DOMAIN,))


def said(label: str, confidence: float) -> Prediction:
    return Prediction(key="1", regions=regions(label, control="domain"), confidence=confidence, model_version="m")


@pytest.mark.parametrize(
    ("skill", "need", "met"),
    [
        (Skill(FieldOfWork(), 3), Need(FieldOfWork("law"), 3), True),
        (Skill(FieldOfWork("law"), 2), Need(FieldOfWork("law"), 3), False),
        (Skill(FieldOfWork("law"), 5), Need(FieldOfWork("law", "de")), True),
        (Skill(FieldOfWork("law", "de"), 5), Need(FieldOfWork("law")), False),  # German law is not all of it
        (Skill(FieldOfWork("law", "de"), 5), Need(FieldOfWork("law", "en")), False),
    ],
)
def test_a_skill_meets_a_need(skill: Skill, need: Need, met: bool) -> None:
    assert need.met_by([skill]) is met
    assert not need.met_by([])


def test_the_first_rule_that_holds() -> None:
    rules = (
        SkillRule(field="topic", equals="tax", domain="law", level=3),
        SkillRule(control="domain", confidence_below=0.5, domain="*", task="hard", level=2),
        SkillRule(field="lang", language="*"),
    )
    assert need_of(rules, {"topic": "tax", "lang": "de"}, None, CONFIG) == Need(FieldOfWork("law"), 3)
    assert need_of(rules, {"topic": "art", "lang": "de"}, None, CONFIG) == Need(FieldOfWork("", "de"))
    unsure = said("medicine", 0.4)
    assert need_of(rules, {"lang": "de"}, unsure, CONFIG) == Need(FieldOfWork("medicine", "", "hard"), 2)
    assert need_of(rules, {"lang": "de"}, said("medicine", 0.5), CONFIG) == Need(FieldOfWork("", "de"))
    assert need_of(rules, {"lang": ""}, None, CONFIG) is None
    assert need_of((), {}, None, CONFIG) is None


def test_a_rule_by_confidence_alone() -> None:
    [rule] = rules = (SkillRule(confidence_below=0.5, task="hard"),)
    assert need_of(rules, {}, None, CONFIG) is None, "nothing is known yet"
    assert need_of(rules, {}, said("law", 0.1), CONFIG) == Need(FieldOfWork(task=rule.task))


def test_a_rule_by_disagreement_of_models() -> None:
    [rule] = rules = (SkillRule(models_disagree=True, task="hard", level=2),)
    need = Need(FieldOfWork(task="hard"), rule.level)
    assert need_of(rules, {}, said("law", 0.9), CONFIG, said("medicine", 0.9)) == need
    assert need_of(rules, {}, said("law", 0.9), CONFIG, said("law", 0.2)) is None
    assert need_of(rules, {}, said("law", 0.9), CONFIG) is None
    assert need_of(rules, {}, None, CONFIG, said("law", 0.9)) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"level": 2}, "names a domain"),
        ({"domain": "*"}, "are about a field or a control"),
        ({"domain": "law", "equals": "x"}, "are about a field or a control"),
        ({"domain": "law", "field": "a", "control": "b"}, "not at both"),
        ({"domain": "law", "level": 6}, "less than or equal to 5"),
    ],
)
def test_rules_that_say_nothing(words: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SkillRule.model_validate(words)
