from __future__ import annotations

import hashlib

import pytest

from connectors.label_studio.label_config import ON, interface, parse
from connectors.label_studio.results.fields import KINDS
from models.errors import ConfigurationError
from models.types import ControlSpec, InputSpec, Medium
from tests.support import label_types

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
        ("perItem='true'", '<Image name="t" valueList="$x"/>', "c (Choices, per item)"),
        ("allowNested='true'", '<Text name="t" value="$x"/>', "c (Choices, nested)"),
        ("value='$options'", '<Text name="t" value="$x"/>', "c (Choices, choices from the task)"),
        ("", '<Pdf name="t" value="$x"/>', "c (Choices on Pdf)"),
        ("", '<Image name="t" valueList="$x"/>', "c (Choices on Image: a list)"),
        ("", '<Text name="t" value="$x" valueType="url"/>', "c (Choices on Text: by URL)"),
        ("", '<Text name="t" value="fixed text"/>', "c (Choices on Text: without a $field)"),
    ],
)
def test_choices_that_are_not_covered(attributes: str, source: str, named: str) -> None:
    assert _one(attributes, source) == ((), (named,))


def _parsed(body: str) -> tuple[dict[str, ControlSpec], tuple[str, ...]]:
    config = parse(f"<View>{body}</View>")
    return {control.name: control for control in config.controls}, config.unsupported


def _single(body: str) -> ControlSpec:
    controls, unsupported = _parsed(body)
    assert unsupported == ()
    [control] = controls.values()
    return control


def test_every_tag_on_what_it_speaks_of() -> None:
    found = {(control.kind, control.input.medium) for control in label_types.CONFIG.controls}
    assert {kind for kind, _ in found} == set(ON) == set(KINDS)
    assert all(medium in ON[kind] for kind, medium in found)
    assert label_types.CONFIG.unsupported == ()
    assert {source.medium for source in label_types.CONFIG.inputs} == set(Medium)


IMAGE, VIDEO, AUDIO = ('<Image name="o" value="$f"/>', '<Video name="o" value="$f"/>', '<Audio name="o" value="$f"/>')
LABEL = "<Label value='x'/>"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (f'{IMAGE}<Vector name="c" toName="o"/>', "c (Vector)"),
        (f'{IMAGE}<BitmaskLabels name="c" toName="o">{LABEL}</BitmaskLabels>', "c (BitmaskLabels)"),
        (f'{AUDIO}<RectangleLabels name="c" toName="o">{LABEL}</RectangleLabels>', "c (RectangleLabels on Audio)"),
        (f'{IMAGE}<TimelineLabels name="c" toName="o">{LABEL}</TimelineLabels>', "c (TimelineLabels on Image)"),
        (f'{VIDEO}<Ranker name="c" toName="o"/>', "c (Ranker on Video)"),
        (f'{IMAGE}<RectangleLabels name="c" toName="o"/>', "c (RectangleLabels, labels from the task)"),
        (f'{IMAGE}<Labels name="c" toName="o" value="$l"/>', "c (Labels, labels from the task)"),
        (f'{IMAGE}<Taxonomy name="c" toName="o" value="$l"/>', "c (Taxonomy, choices from the task)"),
        (f'{IMAGE}<Pairwise name="c" toName="o"/>', "c (Pairwise on 1 objects)"),
        (
            f'{IMAGE}<Image name="p" value="$g"/><Choices name="c" toName="o,p"><Choice value="x"/></Choices>',
            "c (Choices on 2 objects)",
        ),
        (f'{IMAGE}<KeyPoint name="c" toName="o" perRegion="true"/>', "c (KeyPoint, per region)"),
    ],
)
def test_controls_that_are_not_covered(body: str, named: str) -> None:
    assert _parsed(body) == ({}, (named,))


def test_a_taxonomy_s_paths_are_its_nodes() -> None:
    control = _single(f"""{IMAGE}<Taxonomy name="c" toName="o" maxUsages="1"><Choice value="a" alias="A">
    <Choice value="b"/><View><Choice value="c"><Choice value="b"/></Choice></View></Choice>
    <Choice value="d"/></Taxonomy>""")
    assert control.paths == (("A",), ("A", "b"), ("A", "c"), ("A", "c", "b"), ("d",))
    assert not control.multiple
    assert control.names == {"A": ("a",)}
    assert _single(f'{IMAGE}<Taxonomy name="c" toName="o"><Choice value="a"/></Taxonomy>').multiple


def test_what_a_label_is_called_besides() -> None:
    control = _single(f"""{IMAGE}<RectangleLabels name="c" toName="o" choice="multiple">
    <Label value="Cat" alias="felis" predicted_values="cat, tabby,"/><Label value="dog" predicted_values="dog"/>
    <Label value="x" html="&lt;b&gt;x&lt;/b&gt;"/></RectangleLabels>""")
    assert (control.labels, control.multiple) == (("felis", "dog", "x"), True)
    assert control.names == {"felis": ("cat", "tabby", "Cat"), "x": ("<b>x</b>",)}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ('<Rating name="c" toName="o"/>', (None, 5.0)),
        ('<Rating name="c" toName="o" maxRating="10"/>', (None, 10.0)),
        ('<Number name="c" toName="o"/>', (None, None)),
        ('<Number name="c" toName="o" min="-1.5" max="0"/>', (-1.5, 0.0)),
        ('<Number name="c" toName="o" min="few"/>', (None, None)),
    ],
)
def test_range_of_ratings_and_numbers(tag: str, expected: tuple[float | None, float | None]) -> None:
    control = _single(IMAGE + tag)
    assert (control.minimum, control.maximum) == expected


def test_a_pair_has_two_inputs() -> None:
    control = _single("""<Text name="l" value="$a"/><Text name="r" value="$b"/><Pairwise name="c" toName="l,r"/>""")
    assert control.input == InputSpec(name="l", field="a", medium=Medium.TEXT)
    assert control.others == (InputSpec(name="r", field="b", medium=Medium.TEXT),)


def test_buckets_of_a_ranker() -> None:
    source = '<List name="o" value="$f"/>'
    buckets = '<Bucket name="good" title="Good ones"/><Bucket name="bad"/>'
    assert _single(f'{source}<Ranker name="c" toName="o">{buckets}</Ranker>').buckets == ("good", "bad")
    assert _single(f'{source}<Ranker name="c" toName="o"/>').buckets == ()


def test_keys_of_structured_inputs() -> None:
    labels = f'<ParagraphLabels name="c" toName="o">{LABEL}</ParagraphLabels>'
    keys = _single(f'<Paragraphs name="o" value="$f" textKey="said" nameKey="who"/>{labels}').input.keys
    assert keys == {"text": "said", "speaker": "who"}
    assert _single(f'<Paragraphs name="o" value="$f"/>{labels}').input.keys == {"text": "text", "speaker": "author"}
    series = f'<TimeSeriesLabels name="c" toName="o">{LABEL}</TimeSeriesLabels>'
    channel = '<Channel column="v"/>'
    timed = f'<TimeSeries name="o" value="$f" timeColumn="t">{channel}</TimeSeries>{series}'
    assert _single(timed).input.keys == {"time": "t"}
    assert _single(f'<TimeSeries name="o" value="$f">{channel}</TimeSeries>{series}').input.keys == {}


@pytest.mark.parametrize("tag", ["TextArea", "Rating", "Number", "DateTime"])
def test_asked_for_each_region(tag: str) -> None:
    assert _single(f'{IMAGE}<{tag} name="c" toName="o" perRegion="true"/>').per_region
    assert not _single(f'{IMAGE}<{tag} name="c" toName="o"/>').per_region
    [choices], _ = _one("perRegion='true'")
    assert choices.per_region


def test_how_many_texts() -> None:
    assert _single(f'{AUDIO}<TextArea name="c" toName="o"/>').multiple
    assert not _single(f'{AUDIO}<TextArea name="c" toName="o" maxSubmissions="1"/>').multiple


def test_every_object_that_shows_a_field_is_an_input() -> None:
    config = parse(f"""<View>{IMAGE}<Text name="hint" value="$note"/><Header value="$title"/>
    <Text name="fixed" value="Read this"/><Rating name="c" toName="o"/></View>""")
    assert [(source.name, source.field) for source in config.inputs] == [("o", "f"), ("hint", "note")]


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
