"""Brings the catalogues under serving/locale up to date with the texts of the code: ``python -m scripts.messages``.

What is new stands there without a translation; what nothing says any more is dropped.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from scripts import raised
from serving.language import ENGLISH, ERROR, FRAGMENT, LANGUAGES, LOCALE

SOURCES = {"serving": LOCALE.parent, "models": LOCALE.parent.parent / "models"}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "gettext": None,
    "ngettext": (1, 2),
    "N_": None,
    "NP_": ((1, "c"), 2),
    "_": None,
    "say": None,
}
"""``say`` is what ``models`` are handed: see ``models.saying``."""


def extracted(language: str) -> Catalog:
    """All texts of the code, none of them translated."""
    with (LOCALE / "babel.cfg").open(encoding="utf-8") as file:
        mapping, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = Catalog(locale=language.replace("-", "_"), domain="prelabel", fuzzy=False)
    for place, folder in SOURCES.items():
        for path, _, text, comments, context in extract_from_dir(folder, mapping, options, keywords=KEYWORDS):
            found.add(text, locations=[(f"{place}/{path}", 1)], auto_comments=comments, context=context)
    for one in raised.texts():
        found.add(one.message, locations=[(one.path, 1)], context=FRAGMENT if one.inside else ERROR)
    return found


def catalogue(language: str) -> Path:
    return LOCALE / language.replace("-", "_") / "LC_MESSAGES" / "prelabel.po"


def kept(language: str) -> Catalog:
    """The catalogue as it is in the folder; empty where there is none."""
    path = catalogue(language)
    if not path.exists():
        return Catalog(locale=language.replace("-", "_"), domain="prelabel", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"), domain="prelabel")


def lacking(language: str) -> list[str]:
    """Texts without a translation, and translations of texts that are gone."""
    have = {_key(message): message for message in kept(language) if message.id}
    want = {_key(message) for message in extracted(language) if message.id}
    untold = [text for text in sorted(want) if text not in have or not _told(have[text].string)]
    return [_shown(key) for key in untold] + [f"no longer said: {_shown(key)}" for key in sorted(have.keys() - want)]


def update(language: str) -> None:
    """Write the catalogue anew: sorted by file, without line numbers, so that moving code changes nothing."""
    new, old = extracted(language), kept(language)
    for message in new:
        known = old.get(message.id, message.context)
        if message.id and known is not None:
            message.string = known.string
    path = catalogue(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, width=120, sort_by_file=True, omit_header=True, include_lineno=False)


def _key(message: Message) -> tuple[str, str]:
    """Context and text: the same text may stand in several contexts."""
    return message.context or "", message.id if isinstance(message.id, str) else message.id[0]


def _shown(key: tuple[str, str]) -> str:
    return f"{key[0]}: {key[1]}" if key[0] else key[1]


def _told(string: str | list[str] | tuple[str, ...] | None) -> bool:
    return bool(string) and (isinstance(string, str) or all(string))  # type: ignore[arg-type]


def main() -> None:
    for language in LANGUAGES:
        if language != ENGLISH:
            update(language)
            missing = lacking(language)
            print(f"{language}: {len(missing)} texts lack a translation", *missing[:20], sep="\n  ", file=sys.stderr)


if __name__ == "__main__":
    main()
