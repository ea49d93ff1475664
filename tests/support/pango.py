"""Whether PDFs can be made here: WeasyPrint asks for Pango when it is imported."""

from __future__ import annotations

from models.errors import PrelabelError
from serving.reports.pdf import library

try:
    library()
    THERE = True
except PrelabelError:
    THERE = False
