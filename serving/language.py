"""The language of a request: what its texts are said in, by gettext catalogues under ``serving/locale``.

English is what the code says. The other catalogues are ``.po`` files, compiled when they are first used; ``make
messages`` brings them up to date, and a test refuses one that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE: Final = Path(__file__).parent / "locale"
ENGLISH: Final = "en"
ERROR, FRAGMENT, FIELD, MEDIUM = "error", "fragment", "field", "medium"
"""Contexts: messages of errors, what stands inside these alone (``scripts.raised`` finds both), form fields, media."""
LANGUAGES: Final = {ENGLISH: "English", "zh-Hans": "中文"}
"""BCP 47 tag -> its name in the language itself."""
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def language() -> str:
    """The tag of the language that texts are said in now."""
    return _spoken.get()


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Say texts in this language, one of ``LANGUAGES``; an unknown one is English."""
    before = _spoken.set(tag if tag in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(before)


def preferred(accept_language: str) -> str:
    """The best of ``LANGUAGES`` for a header ``Accept-Language`` (RFC 9110, 12.5.4); any Chinese is ours."""
    wanted = [tag for tag, _ in sorted(_ranked(accept_language), key=lambda pair: -pair[1])]
    aliases = {"zh": "zh-Hans"} | {tag: tag for tag in LANGUAGES}
    found = negotiate_locale(
        ["zh" if tag.lower().startswith("zh") else tag.split("-")[0] for tag in wanted], ["zh", ENGLISH], sep="-"
    )
    return aliases.get(found or ENGLISH, ENGLISH)


def gettext(message: str, /, **values: object) -> str:
    """A text in the language of now, with ``values`` put in by ``str.format``."""
    said = translations(language()).gettext(message)
    return said.format(**values) if values else said


def pgettext(context: str, message: str, /, **values: object) -> str:
    """A text of this context in the language of now, with ``values`` put in by ``str.format``."""
    said = translations(language()).pgettext(context, message)
    return said.format(**values) if values else said


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """A text about n things; ``values`` are put in by ``str.format``, n as ``n``."""
    return ngettext_plain(one, many, n).format(n=n, **values)


def ngettext_plain(one: str, many: str, n: int) -> str:
    """As ``ngettext``, with nothing put in: templates do that themselves."""
    return translations(language()).ngettext(one, many, n)


def joined(sentences: Iterable[str]) -> str:
    """Sentences one after the other; a full stop of Chinese takes no space after it."""
    return " ".join(filter(None, sentences)).replace("。 ", "。")


def N_(message: str) -> str:
    """Mark a text of a table for the catalogues; ``gettext`` says it where it is shown."""
    return message


def NP_(context: str, message: str) -> str:
    """The same with a context, for ``pgettext``."""
    return message


@cache
def translations(tag: str) -> NullTranslations:
    """The catalogue of one of ``LANGUAGES``."""
    return NullTranslations() if tag == ENGLISH else _compiled(tag)[0]


@cache
def messages_of(context: str) -> tuple[str, ...]:
    """The English texts of a context; every catalogue has the same."""
    tag = next(one for one in LANGUAGES if one != ENGLISH)
    return _compiled(tag)[1].get(context, ())


@cache
def _compiled(tag: str) -> tuple[GNUTranslations, dict[str, tuple[str, ...]]]:
    """A catalogue, and the texts of it that have a context, by that."""
    with (LOCALE / tag.replace("-", "_") / "LC_MESSAGES" / "prelabel.po").open("rb") as file:
        catalogue = read_po(file, locale=tag.replace("-", "_"))
    within: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if message.context is not None:
            within[message.context] = (*within.get(message.context, ()), str(message.id))
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled), within


def _ranked(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(",")[:32]:
        tag, _, weight = part.partition(";")
        try:
            rank = float(weight.strip().removeprefix("q=") or 1.0)
        except ValueError:
            rank = 0.0
        if tag.strip() and rank > 0:
            yield tag.strip(), rank
