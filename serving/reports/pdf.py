"""The same page as PDF, by WeasyPrint: no browser, and the fonts of the machine."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any, Final

from PIL import ImageFile

from models.errors import ConfigurationError, MissingDependencyError
from serving.language import ENGLISH, language

SYSTEM: Final = "PDF needs Pango 1.44 or newer ({detail}). Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
FONT: Final = "no font of this machine has Chinese: install one (Debian: apt-get install fonts-noto-cjk)"
SCRIPTS: Final = {"zh-Hans": b":lang=zh-cn"}
"""Language -> what fontconfig calls a font that has its characters."""


def as_pdf(html: str) -> bytes:
    """Pages of A4, tagged with the document's language and title; nothing is fetched.

    Raises:
        MissingDependencyError: the extra ``report`` is not installed.
        ConfigurationError: Pango, or a font for the language, is missing.
    """
    weasyprint = library()
    if language() != ENGLISH and not has_font(SCRIPTS[language()]):
        raise ConfigurationError(FONT)
    made: bytes = weasyprint.HTML(string=html, url_fetcher=_refuse).write_pdf(pdf_variant="pdf/ua-1")
    return made


def library() -> Any:
    """The library. Its import has Pillow take broken pictures for whole ones, in the whole process: that is undone."""
    whole = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        import weasyprint
    except ImportError as error:
        raise MissingDependencyError("weasyprint", "report") from error
    except OSError as error:
        raise ConfigurationError(SYSTEM.format(detail=str(error).splitlines()[0])) from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = whole
    return weasyprint


def has_font(pattern: bytes) -> bool:
    """Whether fontconfig knows a font of this pattern; True where it cannot be asked."""
    name = ctypes.util.find_library("fontconfig") or "libfontconfig.so.1"
    try:
        known = ctypes.CDLL(name)
    except OSError:
        return True
    for function in ("FcNameParse", "FcObjectSetCreate", "FcFontList"):
        getattr(known, function).restype = ctypes.c_void_p
    wanted, wishes = ctypes.c_void_p(known.FcNameParse(pattern)), ctypes.c_void_p(known.FcObjectSetCreate())
    found = known.FcFontList(None, wanted, wishes)
    known.FcObjectSetDestroy(wishes)
    known.FcPatternDestroy(wanted)
    if not found:
        return False
    count = int(ctypes.cast(found, ctypes.POINTER(ctypes.c_int))[0])  # struct _FcFontSet begins with nfont
    known.FcFontSetDestroy(ctypes.c_void_p(found))
    return count > 0


def _refuse(url: str, *rest: Any, **more: Any) -> Any:
    raise ValueError(f"a report fetches nothing: {url[:80]}")
