"""Label config XML -> what models and losses need of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from models.errors import ConfigurationError, fragment
from models.types import ControlKind, ControlSpec, InputSpec, LabelConfig, Medium

if TYPE_CHECKING:
    from label_studio_sdk.label_interface import LabelInterface

MEDIA = {
    "text": Medium.TEXT,
    "image": Medium.IMAGE,
    "audio": Medium.AUDIO,
    "video": Medium.VIDEO,
    "timeseries": Medium.TIMESERIES,
    "hypertext": Medium.HYPERTEXT,
    "paragraphs": Medium.DIALOGUE,
    "list": Medium.LIST,
}
"""Object tags that are understood."""

EVERYTHING = frozenset(MEDIA.values())
PICTURE = frozenset({Medium.IMAGE})
ON: dict[ControlKind, frozenset[Medium]] = {
    "choices": EVERYTHING,
    "taxonomy": EVERYTHING,
    "labels": frozenset({Medium.TEXT, Medium.AUDIO, Medium.IMAGE, Medium.VIDEO}),
    "hypertextlabels": frozenset({Medium.HYPERTEXT}),
    "paragraphlabels": frozenset({Medium.DIALOGUE}),
    "rectangle": PICTURE,
    "rectanglelabels": PICTURE,
    "ellipse": PICTURE,
    "ellipselabels": PICTURE,
    "polygon": PICTURE,
    "polygonlabels": PICTURE,
    "brush": PICTURE,
    "brushlabels": PICTURE,
    "keypoint": PICTURE,
    "keypointlabels": PICTURE,
    "timeserieslabels": frozenset({Medium.TIMESERIES}),
    "videorectangle": frozenset({Medium.VIDEO}),
    "timelinelabels": frozenset({Medium.VIDEO}),
    "textarea": EVERYTHING,
    "rating": EVERYTHING,
    "number": EVERYTHING,
    "datetime": EVERYTHING,
    "pairwise": EVERYTHING,
    "ranker": frozenset({Medium.LIST}),
}
"""Control tag -> what it may speak of."""

ABOUT_REGIONS = ("choices", "textarea", "rating", "number", "datetime", "taxonomy")
"""Controls that may be asked for each region (``perRegion``)."""
UNLABELLED = ("rectangle", "ellipse", "polygon", "brush", "keypoint", "videorectangle", "textarea", "rating", "number")
STARS = 5.0
"""Label Studio's own ``maxRating``."""


@lru_cache(maxsize=64)
def interface(xml: str) -> LabelInterface:
    """The SDK's view of a label config, for validation; parsed once (0.5 ms).

    Raises:
        ConfigurationError: the XML is broken, or a control points at an object that is not there.
    """
    from label_studio_sdk.label_interface import LabelInterface  # a second, which most commands do not need

    try:
        found = LabelInterface(xml)
    except Exception as error:  # lxml, SDK and pydantic errors have no common base
        raise ConfigurationError(f"the label config is not valid: {_reason(error)}") from None
    for control in found.controls:
        missing = sorted(set(control.to_name) - {source.name for source in found.objects})
        if missing:
            raise ConfigurationError(
                f"the label config is not valid: {control.tag} {control.name!r} has toName={missing[0]!r}, "
                "which names no object"
            )
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return fragment(f"a tag lacks the attribute {error}")
    return str(error).partition("\n")[0] or type(error).__name__


@lru_cache(maxsize=64)
def parse(xml: str) -> LabelConfig:
    """Reduce a label config to what models and losses need of it, every control that is understood among it.

    Raises:
        ConfigurationError: as ``interface`` does.
    """
    controls, unsupported = [], []
    found = interface(xml)
    tree = ElementTree.fromstring(xml)  # noqa: S314  # the SDK has read it before
    elements = {element.get("name"): element for element in tree.iter() if element.get("toName")}
    for control in found.controls:
        obstacle = _obstacle(control)
        if obstacle is None:
            controls.append(_spec(control, elements[control.name]))
        else:
            unsupported.append(obstacle)
    return LabelConfig(
        digest=hashlib.sha256(xml.encode()).hexdigest(),
        controls=tuple(controls),
        unsupported=tuple(unsupported),
        inputs=tuple(_input(source) for source in found.objects if _unreadable(source) is None),
    )


def _obstacle(control: LabelInterface) -> str | None:
    """The control, with why no task of ours covers it where its kind does not say it all; None: one does."""
    kind, name, tag = control.tag.lower(), control.name, control.tag
    if kind not in ON:
        return f"{name} ({tag})"
    if len(control.objects) != (2 if kind == "pairwise" else 1):
        return fragment(f"{name} ({tag} on {len(control.objects)} objects)")
    if _yes(control, "perRegion") and kind not in ABOUT_REGIONS:
        return fragment(f"{name} ({tag}, per region)")
    if _yes(control, "perItem"):
        return fragment(f"{name} ({tag}, per item)")
    if _yes(control, "allowNested"):
        return fragment(f"{name} ({tag}, nested)")
    labelled = kind not in (*UNLABELLED, "datetime", "pairwise", "ranker")
    if labelled and (control.dynamic_value or not control.labels):
        chosen = kind in ("choices", "taxonomy")
        return fragment(f"{name} ({tag}, {'choices' if chosen else 'labels'} from the task)")
    for source in control.objects:
        if MEDIA.get(source.tag.lower()) not in ON[kind]:
            return fragment(f"{name} ({tag} on {source.tag})")
        if (unreadable := _unreadable(source)) is not None:
            return fragment(f"{name} ({tag} on {source.tag}: {unreadable})")
    return None


def _unreadable(source: Any) -> str | None:
    """Why an object cannot be read; None when it can."""
    if source.tag.lower() not in MEDIA:
        return fragment("of no known kind")
    if source.get_attr("valueList") is not None:
        return fragment("a list")
    if source.tag.lower() in ("text", "hypertext", "paragraphs") and str(source.value_type).lower() == "url":
        return fragment("by URL")
    return None if source.value_is_variable else fragment("without a $field")


def _yes(tag: Any, attribute: str) -> bool:
    return str(tag.get_attr(attribute, "")).lower() == "true"


def _spec(control: LabelInterface, element: Any) -> ControlSpec:
    kind: ControlKind = control.tag.lower()
    sources = [_input(source) for source in control.objects]
    return ControlSpec(
        name=control.name,
        kind=kind,
        labels=tuple(control.labels or ()),
        multiple=_multiple(control, kind),
        required=control.is_output_required,
        input=sources[0],
        others=tuple(sources[1:]),
        per_region=_yes(control, "perRegion"),
        names=_names(control),
        paths=tuple(_paths(element)) if kind == "taxonomy" else (),
        minimum=_number(control.get_attr("min")) if kind == "number" else None,
        maximum=_maximum(control, kind),
        buckets=tuple(str(bucket.get("name")) for bucket in element.iter("Bucket")) if kind == "ranker" else (),
    )


def _input(source: Any) -> InputSpec:
    medium = MEDIA[source.tag.lower()]
    keys = {}
    if medium is Medium.DIALOGUE:
        keys = {"text": str(source.get_attr("textKey", "text")), "speaker": str(source.get_attr("nameKey", "author"))}
    if medium is Medium.TIMESERIES and source.get_attr("timeColumn") is not None:
        keys = {"time": str(source.get_attr("timeColumn"))}
    return InputSpec(name=source.name, field=source.value_name, medium=medium, keys=keys)


def _multiple(control: Any, kind: str) -> bool:
    if kind == "choices":
        return bool(control.is_multiple_choice)
    if kind == "textarea":
        return _number(control.get_attr("maxSubmissions")) != 1.0
    if kind == "taxonomy":
        return _number(control.get_attr("maxUsages")) != 1.0
    return str(control.get_attr("choice", "")).lower() == "multiple"


def _names(control: Any) -> dict[str, tuple[str, ...]]:
    """What labels are called besides: for models that do not know the label config's own words."""
    found = {}
    for label, tag in (control.labels_attrs or {}).items():
        said = [*str(tag.attr.get("predicted_values") or "").split(","), tag.attr.get("value"), tag.attr.get("html")]
        other = dict.fromkeys(name.strip() for name in said if name and name.strip() and name.strip() != label)
        if other:
            found[label] = tuple(other)
    return found


def _paths(element: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every node of a taxonomy, as Label Studio names it: by its alias, or else its value."""
    for node in element:
        if node.tag == "Choice":
            path = (*above, str(node.get("alias") or node.get("value")))
            yield path
            yield from _paths(node, path)
        else:
            yield from _paths(node, above)


def _maximum(control: Any, kind: str) -> float | None:
    if kind == "rating":
        return _number(control.get_attr("maxRating")) or STARS
    return _number(control.get_attr("max")) if kind == "number" else None


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None
