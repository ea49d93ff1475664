"""Whether PDFs can be made here: WeasyPrint asks for Pango when it is imported."""

from __future__ import annotations

try:
    import weasyprint
except OSError:
    THERE = False
else:
    THERE = bool(weasyprint.VERSION)
