"""Answers to be judged, and the question they answer: from an item's data to plain text.

Enters: an item, and a control that judges answers (a pair, a rating, a ranking). Leaves: texts, or ``UnreadableItem``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from statistics import fmean
from typing import Any, Final

from models.tasks.inputs import UnreadableItem, read
from models.tasks.traits import of_text
from models.types import ControlKind, ControlSpec, InputSpec, Item, LabelConfig, Medium

JUDGEMENTS: Final[tuple[ControlKind, ...]] = ("pairwise", "rating", "ranker")
"""Controls that judge answers."""
READABLE: Final = frozenset({Medium.TEXT, Medium.HYPERTEXT, Medium.DIALOGUE})
"""What an answer or a question may be."""


@dataclass(frozen=True)
class Case:
    """What one judgement is about."""

    question: str
    """Empty where the label config shows none."""
    answers: tuple[str, ...]
    """One of a rating, left and right of a pair, all of a ranking in the order of the list."""
    ids: tuple[str, ...] = ()
    """Of a ranking: each answer's."""


def judged(control: ControlSpec) -> bool:
    """Whether the control is a judgement of answers that can be read here."""
    if control.kind not in JUDGEMENTS or control.per_region or control.buckets:
        return False
    if control.kind == "ranker":
        return control.input.medium is Medium.LIST
    return all(source.medium in READABLE for source in (control.input, *control.others))


def with_context(control: ControlSpec, config: LabelConfig) -> ControlSpec:
    """The control, and with it what its answers are judged by: every readable object that is no answer itself.

    An answer is what any pair, rating or ranking of the label config speaks of, whoever fills it.
    """
    every = (*config.controls, *config.by_people, control)
    answers = {source.name for one in every if one.kind in JUDGEMENTS for source in (one.input, *one.others)}
    context = tuple(one for one in config.inputs if one.medium in READABLE and one.name not in answers)
    return control.model_copy(update={"context": context})


def read_case(item: Item, control: ControlSpec) -> Case:
    """What the control is about, of one item.

    Raises:
        UnreadableItem: ``missing_field``, ``wrong_type``, or ``bad_list`` of a list whose entries have no ids.
    """
    question = "\n\n".join(text_of(item, source) for source in control.context)
    if control.kind == "ranker":
        listed = entries(item, control.input)
        return Case(question, tuple(listed.values()), tuple(listed))
    return Case(question, tuple(text_of(item, source) for source in (control.input, *control.others)))


def traits(case: Case) -> dict[str, float]:
    """What is noted of a case to see a stream change: the mean of the answers' own, and the question's length."""
    rows = [of_text(answer) for answer in case.answers]
    means = {name: fmean(row[name] for row in rows) for name in rows[0]}
    return means | {"input_question_characters": float(len(case.question))}


def text_of(item: Item, source: InputSpec) -> str:
    """The words of one object: of HTML what is seen, of a dialogue each utterance behind its speaker.

    Raises:
        UnreadableItem: ``missing_field`` or ``wrong_type``.
    """
    if source.medium is Medium.DIALOGUE:
        return "\n".join(_utterances(_list(item, source), source))
    text = read(item, source)
    return _seen(text) if source.medium is Medium.HYPERTEXT else text


def entries(item: Item, source: InputSpec) -> dict[str, str]:
    """Id -> text (title, body and HTML) of each entry of a list, in its order.

    Raises:
        UnreadableItem: ``missing_field``, ``wrong_type`` or ``bad_list``.
    """
    found: dict[str, str] = {}
    for entry in _list(item, source):
        name = entry.get("id") if isinstance(entry, Mapping) else None
        if isinstance(name, bool) or not isinstance(name, str | int) or str(name) in found:
            raise UnreadableItem(
                "bad_list", f"Field {source.field!r} has an entry without an id of its own: give each entry one."
            )
        parts = [_clean(entry.get("title")), _clean(entry.get("body")), _seen(_clean(entry.get("html")))]
        found[str(name)] = "\n".join(part for part in parts if part)
    if not found:
        raise UnreadableItem("bad_list", f"Field {source.field!r} holds an empty list: there is nothing to rank.")
    return found


def _list(item: Item, source: InputSpec) -> list[Any]:
    value = item.data.get(source.field)
    if value is None:
        raise UnreadableItem(
            "missing_field",
            f"The task has no field {source.field!r}: import it with that field, or correct value in the label config.",
        )
    if not isinstance(value, list):
        raise UnreadableItem(
            "wrong_type", f"Field {source.field!r} holds {type(value).__name__}, not a list: correct the task's data."
        )
    return value


def _utterances(rows: list[Any], source: InputSpec) -> list[str]:
    text, speaker = source.keys.get("text", "text"), source.keys.get("speaker", "author")
    found = []
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get(text), str):
            raise UnreadableItem(
                "wrong_type", f"Field {source.field!r} has an utterance without {text!r}: correct the task's data."
            )
        said, who = _clean(row[text]), _clean(row.get(speaker))
        found.append(f"{who}: {said}" if who else said)
    return found


def _clean(value: object) -> str:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


class _Words(HTMLParser):
    HIDDEN = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """``<![`` and a word that is no keyword: a comment to browsers, an ``AssertionError`` of the library."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i, report)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self.HIDDEN

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.found.append(" ".join(data.split()))


def _seen(html: str) -> str:
    words = _Words()
    words.feed(html)
    words.close()
    return " ".join(words.found)
