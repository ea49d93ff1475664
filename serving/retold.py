"""Sentences that were written down in English, said again in the language of now.

Reasons of the gate, certificates and errors are made of a sentence and some values. What is stored is the English text:
the sentence it was made of is found, and its values are put into the translation of that sentence. A text that no
sentence here has made, such as a person's own words, stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

from serving.language import ENGLISH, N_, gettext, joined, language

LONGEST: Final = 2_000
"""Characters of a text that is looked at."""

GATE: Final = (
    N_("no model yet"),
    N_("model {version} predicts in place of {before}; nothing is accepted before it is certified."),
    N_("model {version} predicts in place of {before}; its certificate {n} holds still, and spends nothing again."),
    N_("model {version} predicts in place of {before}; it was tested before: {reason}"),
    N_("model {version} predicts; nothing is accepted before it is certified."),
    N_("model {version} predicts; its certificate {n} holds still, and spends nothing again."),
    N_("model {version} predicts; it was tested before: {reason}"),
    N_("model {version} was trained and is kept: {active} was chosen by hand and stays"),
    N_("model {version} scores in the shadow in place of {before}."),
    N_("model {version} scores in the shadow no longer."),
    N_("model {version} scores in the shadow."),
    N_("model {version} may be replaced by itself again."),
    N_("model {version} is known from now on."),
    N_("model {version} is tried beside {active}, which goes on predicting"),
    N_("model {version} is tried beside {active}, which goes on predicting; {former} is tried no longer"),
    N_("model {version} is tried no longer: the label config changed"),
    N_("the label config changed: a control that models fill differs, and the model is trained anew"),
    N_("the label config changed: {version} scores beside it no longer"),
    N_("the label config changed: another model may predict"),
    N_("the label config changed, but not what models fill; the certificate has to be for the config of now"),
    N_("paused: the label config changed and cannot be used: {why}"),
    N_(
        "the tolerance changed: epsilon {epsilon_before} to {epsilon}, delta {delta_before} to {delta}; nothing is "
        "accepted before a certificate for it."
    ),
    N_("Open: the watch is over, the audits' statistic is {statistic}."),
    N_(
        "Watch: {share} audits were wrong, and their statistic is {statistic}; within epsilon it reaches {level} once "
        "in so many audits. {rate} of what is acceptable is audited now."
    ),
    N_(
        "Watch: the last {n} items are not like the blind sample, in {figures}. That proves no error; {rate} of what "
        "is acceptable is audited now."
    ),
    N_(
        "Watch: nobody has answered {n} audits for more than {hours} hours, and the monitor sees none of those behind "
        "the first of them. They come first in the queue. Until then {rate} of what is acceptable goes to people."
    ),
    N_(
        "Closed: {since} audits since the estimated change were wrong, {before} before; more than {epsilon} of what is "
        "accepted is wrong. The change may lie {further} audits further back: {reopened} acceptances from after that "
        "are open again. It takes a new certificate, on {labels} blind labels of items that arrive from now on."
    ),
    N_("Suggestions are shown at every confidence again: with one an item takes {share} of the time without one."),
    N_("Suggestions are shown at every confidence again: with one an item takes an unknown time."),
    N_(
        "No suggestion is shown where the model is less than {share} sure: without it an item takes {saved} s less "
        "({shown} labels with a suggestion, {hidden} without). A share drawn by lot keeps it, so that this can be seen "
        "to change."
    ),
    N_(
        "Model {version} predicts from now on: {same} is certified for {share} of the blind sample, {before} covers "
        "{covered}."
    ),
    N_("Model {version} is rejected: {same} is certified for {share} of the blind sample, {before} covers {covered}."),
    N_("Model {version} is rejected, and {before} covers {covered} of the blind sample. On its own it is: {reason}"),
)
CERTIFICATES: Final = (
    N_(
        "Open: {losses} among {n} {labels} at confidence {threshold} or above, so at most {epsilon} of what is "
        "accepted is wrong, with probability {sure}; {coverage} of the waiting items lie there."
    ),
    N_(
        "Open: {losses} among {n} {labels} at confidence {threshold} or above, so the mean loss of what is accepted is "
        "at most {epsilon}, with probability {sure}; {coverage} of the waiting items lie there."
    ),
    N_(
        "Closed: {losses} among the {n} most confident of {all} {labels} cannot show that at most {epsilon} are wrong; "
        "{outlook}."
    ),
    N_(
        "Closed: {losses} among the {n} most confident of {all} {labels} cannot show a mean loss of at most {epsilon}; "
        "{outlook}."
    ),
    N_("Closed: {labels} are too few to show that at most {epsilon} are wrong, even without an error; {outlook}."),
    N_("Closed: there is no blind label of this stratum."),
    N_("Closed: no item of this stratum is waiting."),
    N_("Closed for each of {n} strata ({names}); {outlook}."),
    N_(
        "Open for {n} of {all} strata ({names}), each with a threshold of its own: at most {epsilon} of what is "
        "accepted in each is wrong, with probability {sure} for all of them together; {coverage} of the waiting items "
        "lie there."
    ),
)
NOISE: Final = (
    N_(
        "People disagree with each other on about {split} of the items ({n} labelled twice), so one person is wrong on "
        "about {rate}: with {labels} no budget below {floor} can be shown; {outlook}."
    ),
    N_(
        "People's own mistakes alone do not explain it: one person is wrong on {rate} of the items, from {n} labelled "
        "twice."
    ),
    N_(
        "Whether people's own mistakes explain it is not clear: one person is wrong on {rate} of the items, from {n} "
        "labelled twice."
    ),
    N_("{taken}; how often one person is wrong was not measured"),
    N_(
        "{taken}; one person is wrong on {rate} of the items, from {n} labelled twice; of {checked} agreements checked "
        "{fell} fell, at most {upper}"
    ),
    N_("{taken}; one person is wrong on {rate} of the items, from {n} labelled twice"),
)
ERRORS: Final = (
    N_("no model predicts yet, beside which it could score"),
    N_("{version} scores already"),
    N_("no model scores in the shadow"),
    N_("no person chose the model that predicts: there is nothing to let go of"),
    N_("{version} predicts already"),
    N_("{version} predicts since you looked: look again"),
    N_("{version} was made for another label config: what it fills is not what is to be filled now"),
    N_(
        "Label Studio does not know this token. Copy it anew from Account & Settings > Personal Access Token (or > "
        "Legacy Token)"
    ),
    N_(
        "Label Studio has legacy tokens switched off. Switch them on under Organization > Access Token Settings > "
        "Legacy Tokens, or use a personal access token (Account & Settings > Personal Access Token)"
    ),
    N_("Label Studio at {url} cannot be reached ({why}): check that it runs, and the address"),
    N_("Label Studio at {url} answered {status}: {detail}. Its log says why"),
    N_("Label Studio did not accept task {task} though it could: try again"),
    N_("Label Studio refused ({status}): {detail}"),
    N_("this account may not do that in Label Studio: {detail}"),
    N_("what answers at {url} is not a Label Studio: check the address"),
    N_("what answers at {url} is not a Label Studio (status {status}): check the address"),
    N_("what answers at {url} is not a Label Studio, or speaks otherwise ({why}): check the address"),
    N_("{url} is not an address of Label Studio: write it as http://host:port"),
    N_("{url} sends on to {target}: use that address"),
    N_("the package {package} is not installed: pip install {what}"),
    N_("no control {name} has one class as its answer; those that have: {names}"),
)
PARTS: Final = (
    N_(
        "not reachable at any threshold seen, where the best error rate is {rate} at {coverage} of the items: it takes "
        "a better model or a larger budget"
    ),
    N_("at the error rates seen it takes about {n} more blind labels, and only {waiting} items are waiting"),
    N_("at the error rates seen it takes about {n} more blind labels"),
    N_("the nearest takes about {n} more blind labels"),
    N_("more labels alone open none"),
    N_("{n} more would allow {errors} errors"),
    N_("the pool is not like the sample"),
    N_("{n} of {all} blind labels in the range of the pool, worth {worth} at equal inclusion,"),
    N_("{n} of {all} blind labels in the range of the pool"),
    N_("{n} blind labels, worth {worth} at equal inclusion,"),
    N_("{n} blind labels"),
    N_("blind labels, weighted by their inclusion,"),
    N_("blind labels"),
    N_("a loss of {loss} in all"),
    N_("1 error"),
    N_("{n} errors"),
    N_("single labels"),
    N_("the majority of {n} people"),
    N_("take validation_people = {n}"),
    N_("it takes clearer guidelines, or a larger budget"),
    N_("each blind label is taken for the truth"),
    N_("where model and first label disagree, the majority of {n} people is taken for the truth"),
    N_("{share} ({lower} to {upper}, 95 % each side)"),
)
"""What values of the gate's, a certificate's and noise's sentences are made of; said nowhere else."""
SENTENCES: Final = (*GATE, *CERTIFICATES, *NOISE, *ERRORS)
"""A sentence that begins like another one, and goes on, stands before it."""
REST: Final = "rest_"
"""What follows after a full stop."""


def retold(text: str) -> str:
    """A text in the language of now, as far as it is made of sentences that are known here; else as it is."""
    if language() == ENGLISH or not text or len(text) > LONGEST:
        return text
    found = _made_of(SENTENCES, text)
    if found is None:
        return text
    sentence, values, rest = found
    if sentence not in ERRORS:
        values = {name: _part(value) for name, value in values.items()}
    return joined([gettext(sentence, **values), retold(rest)])


def _part(value: str) -> str:
    found = _made_of(PARTS, value)
    if found is None:
        return retold(value)
    sentence, values, _ = found
    return gettext(sentence, **{name: _part(held) for name, held in values.items()})


@lru_cache(maxsize=1024)
def _made_of(sentences: tuple[str, ...], text: str) -> tuple[str, dict[str, str], str] | None:
    """The sentence that a text begins with, its values, and what follows after it; None: it is none of these."""
    for sentence in sentences:
        if (values := _values(_parts(sentence), text)) is not None:
            rest = values.pop(REST, "")
            return sentence, values, rest
    return None


@cache
def _parts(sentence: str) -> tuple[str, ...]:
    """What it says itself, and between that the names of its values."""
    return tuple(re.split(r"\{(\w+)\}", sentence))


def _values(parts: Sequence[str], text: str) -> dict[str, str] | None:
    """The values that the sentence was made with, none of them empty; each ends where the sentence first goes on.

    One way through the text: a text that somebody made up costs no more than another.
    """
    if not text.startswith(parts[0]):
        return None
    at, values = len(parts[0]), {}
    full_stop = parts[-1].endswith(".")
    for name, literal, last in zip(parts[1::2], parts[2::2], range(len(parts) // 2 - 1, -1, -1), strict=True):
        end = text.find(literal, at + 1) if last else _end(literal, text, at + 1, full_stop)
        if end < 0:
            return None
        values[name] = text[at:end]
        at = end + len(literal)
    if text[at : at + 1] == " " and full_stop:
        values[REST] = text[at + 1 :]
    elif at < len(text):
        return None
    return values


def _end(literal: str, text: str, at: int, full_stop: bool) -> int:
    """Where the end of a sentence stands: at that of the text, or after a full stop before a space; -1: nowhere."""
    if not full_stop:
        return len(text) - len(literal) if at <= len(text) - len(literal) and text.endswith(literal) else -1
    end = text.find(literal, at)
    while end >= 0 and text[end + len(literal) : end + len(literal) + 1] not in ("", " "):
        end = text.find(literal, end + 1)
    return end
