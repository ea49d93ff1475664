from __future__ import annotations

import hashlib

import pytest

from connectors.label_studio.label_config import interface, parse
from models.errors import ConfigurationError
from models.types import ControlSpec, InputSpec, Medium

TEXT = InputSpec(name="t", field="body", medium=Medium.TEXT)


def _one(
    attributes: str, source: str = '<Text name="t" value="$body"/>'
) -> tuple[tuple[ControlSpec, ...], tuple[str, ...]]:
    choices = "<Choice value='a'/><Choice value='b'/>"
    config = parse(f"<View>{source}<Choices name='c' toName='t' {attributes}>{choices}</Choices></View>")
    return config.controls, config.unsupported


def test_choices_on_text() -> None:
    expected = ControlSpec(name="c", kind="choices", labels=("a", "b"), input=TEXT)
    assert _one("") == ((expected,), ())
    assert _one("choice='single-radio' layout='select'") == ((expected,), ())


def test_choices_several_required_on_image() -> None:
    [control], _ = _one("choice='multiple' required='true'", "<Image name='t' value='$picture'/>")
    assert (control.multiple, control.required) == (True, True)
    assert control.input == InputSpec(name="t", field="picture", medium=Medium.IMAGE)


def test_alias_is_the_value_that_label_studio_stores() -> None:
    xml = """<View><Text name="t" value="$x"/><Choices name="c" toName="t">
    <Choice value="Long &amp; clear" alias="short"/><View><Choice value="好评"/></View></Choices></View>"""
    assert parse(xml).controls[0].labels == ("short", "好评")


def test_digest_and_order() -> None:
    xml = """<View><Choices name="z" toName="t"><Choice value="1"/></Choices><Text name="t" value="$x"/>
    <Choices name="a" toName="t"><Choice value="2"/></Choices></View>"""
    config = parse(xml)
    assert config.digest == hashlib.sha256(xml.encode()).hexdigest()
    assert [control.name for control in config.controls] == ["z", "a"]
    assert parse(xml) is config
    assert interface(xml) is interface(xml)


@pytest.mark.parametrize(
    ("attributes", "source", "named"),
    [
        ("perRegion='true'", '<Text name="t" value="$x"/>', "c (Choices, per region)"),
        ("perItem='true'", '<Image name="t" valueList="$x"/>', "c (Choices, per item)"),
        ("allowNested='true'", '<Text name="t" value="$x"/>', "c (Choices, nested)"),
        ("value='$options'", '<Text name="t" value="$x"/>', "c (Choices, choices from the task)"),
        ("", '<Audio name="t" value="$x"/>', "c (Choices on Audio)"),
        ("", '<Image name="t" valueList="$x"/>', "c (Choices on Image list)"),
        ("", '<Text name="t" value="$x" valueType="url"/>', "c (Choices on Text by URL)"),
        ("", '<Text name="t" value="fixed text"/>', "c (Choices on Text without a $field)"),
    ],
)
def test_choices_that_are_not_covered(attributes: str, source: str, named: str) -> None:
    assert _one(attributes, source) == ((), (named,))


def test_other_controls_are_named() -> None:
    xml = """<View><Image name="i" value="$i"/><Image name="j" value="$j"/>
    <RectangleLabels name="box" toName="i"><Label value="x"/></RectangleLabels>
    <Pairwise name="pair" toName="i,j"/>
    <Choices name="both" toName="i,j"><Choice value="x"/></Choices>
    <TextArea name="note" toName="i"/></View>"""
    config = parse(xml)
    assert config.controls == ()
    assert config.unsupported == (
        "box (RectangleLabels)",
        "pair (Pairwise)",
        "both (Choices on 2 objects)",
        "note (TextArea)",
    )


def test_no_control_at_all() -> None:
    assert parse("<View></View>").controls == ()


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "no xml",
        "<View>",
        "<View><Text name='t' value='$x'></View>",
        "<?xml version='1.0' encoding='utf-8'?><View/>",
    ],
)
def test_broken_xml(xml: str) -> None:
    with pytest.raises(ConfigurationError, match=r"the label config is not valid: .+"):
        parse(xml)


def test_dangling_name() -> None:
    with pytest.raises(ConfigurationError, match="toName='gone'"):
        parse("<View><Choices name='c' toName='gone'><Choice value='a'/></Choices></View>")
