"""Sentences that were written down in English, said again in the language of now.

Reasons of the gate, certificates and errors are made of a sentence and some values. What is stored or raised is the
English text: the sentence it was made of is found, and its values are put into the translation of that sentence.
Sentences of the gate stand in ``serving.retold.gate``, those of errors in the catalogues, where ``scripts.raised`` puts
them. A text that none of them has made, such as a person's own words, stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from serving.language import ENGLISH, ERROR, FRAGMENT, MEDIUM, gettext, joined, language, pgettext
from serving.retold import errors, gate
from serving.retold.matching import made_of

LONGEST: Final = 2_000
"""Characters of a text that is looked at."""
LISTED: Final = "; "
"""Stands between several texts that were made one."""
MOST: Final = 20
"""Texts in one that are looked at."""
WHOLE: Final = re.compile(r"(\d+) of (\d+)")
DEEPEST: Final = 5
"""Messages in one another that are looked at."""


def retold(text: str) -> str:
    """A text in the language of now, as far as it is made of sentences that are known here; else as it is."""
    if language() == ENGLISH or not text or len(text) > LONGEST:
        return text
    if (made := made_of(gate.SENTENCES, text)) is not None:
        values = {name: _part(value) for name, value in made.values.items()}
        return joined([gettext(made.message, **values), retold(made.rest)])
    return _error(text)


def _part(value: str) -> str:
    """A value of a sentence of the gate."""
    if (share := WHOLE.fullmatch(value)) is not None:
        return gettext(gate.SHARE, n=share[1], all=share[2])
    made = made_of(gate.PARTS, value)
    if made is None:
        return retold(value)
    return gettext(made.message, **{name: _part(held) for name, held in made.values.items()})


def _error(text: str, deep: int = 0) -> str:
    """A message of an error, or several in one text; what others said in it stays. ``deep``: messages around it."""
    if (made := made_of(errors.sentences(), text)) is not None:
        return joined([pgettext(ERROR, made.message, **_told(made.values, deep)), retold(made.rest)])
    several = text.split(LISTED, MOST)
    return LISTED.join(_error(one, deep) for one in several) if len(several) > 1 else text


def _told(values: Mapping[str, str], deep: int) -> dict[str, str]:
    """Values of an error's message; a medium is said by its name."""
    return {
        name: pgettext(MEDIUM, value) if name.startswith(MEDIUM) else _inside(value, deep + 1)
        for name, value in values.items()
    }


def _inside(value: str, deep: int) -> str:
    """A value of an error's message: another one, pieces of one, or what somebody else has said."""
    if deep > DEEPEST:
        return value
    if made_of(errors.sentences(), value) is not None:
        return _error(value, deep)
    several = value.split(LISTED, MOST)
    if any(made_of(errors.fragments(), one) for one in several):
        return LISTED.join(_piece(one, deep) for one in several)
    return _piece(value, deep)


def _piece(text: str, deep: int) -> str:
    made = made_of(errors.fragments(), text)
    return _error(text, deep) if made is None else pgettext(FRAGMENT, made.message, **_told(made.values, deep))
