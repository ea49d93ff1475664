"""Label config XML -> what models and losses need of it."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from label_studio_sdk.label_interface import LabelInterface

from models.errors import ConfigurationError
from models.types import ControlSpec, InputSpec, LabelConfig, Medium

MEDIA = {"text": Medium.TEXT, "image": Medium.IMAGE}


@lru_cache(maxsize=64)
def interface(xml: str) -> LabelInterface:
    """The SDK's view of a label config, for validation; parsed once (0.5 ms).

    Raises:
        ConfigurationError: the XML is broken, or a control points at an object that is not there.
    """
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
        return f"a tag lacks the attribute {error}"
    return str(error).partition("\n")[0] or type(error).__name__


@lru_cache(maxsize=64)
def parse(xml: str) -> LabelConfig:
    """Reduce a label config to the controls that a model can fill.

    Raises:
        ConfigurationError: as ``interface`` does.
    """
    controls, unsupported = [], []
    found = interface(xml)
    for control in found.controls:
        obstacle = _obstacle(control)
        if obstacle is None:
            controls.append(_spec(control))
        else:
            unsupported.append(f"{control.name} ({control.tag}{obstacle})")
    digest = hashlib.sha256(xml.encode()).hexdigest()
    return LabelConfig(digest=digest, controls=tuple(controls), unsupported=tuple(unsupported))


def _obstacle(control: LabelInterface) -> str | None:
    """Why no task of ours covers the control; '' when its kind says it all, None when one does."""
    if control.tag.lower() != "choices":
        return ""
    if len(control.objects) != 1:
        return f" on {len(control.objects)} objects"
    source = control.objects[0]
    for attribute, reason in (("perRegion", "per region"), ("perItem", "per item"), ("allowNested", "nested")):
        if str(control.get_attr(attribute, "")).lower() == "true":
            return f", {reason}"
    if control.dynamic_value or not control.labels:
        return ", choices from the task"
    if source.tag.lower() not in MEDIA:
        return f" on {source.tag}"
    if source.get_attr("valueList") is not None:
        return f" on {source.tag} list"
    if str(source.value_type).lower() == "url":
        return f" on {source.tag} by URL"
    return None if source.value_is_variable else f" on {source.tag} without a $field"


def _spec(control: LabelInterface) -> ControlSpec:
    source = control.objects[0]
    return ControlSpec(
        name=control.name,
        kind="choices",
        labels=tuple(control.labels),
        multiple=control.is_multiple_choice,
        required=control.is_output_required,
        input=InputSpec(name=source.name, field=source.value_name, medium=MEDIA[source.tag.lower()]),
    )
