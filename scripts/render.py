"""Pictures with known content, rendered: invoices with their lines, document pages with their blocks.

The same seed gives the same picture. Boxes are in pixels: left, top, right, bottom, right and bottom outside.
"""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Box = tuple[float, float, float, float]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

GOODS = ("Printer paper A4", "Desk lamp", "Office chair", "Ink cartridge", "Steel shelf", "Notebook", "Door handle")
CHINESE_GOODS = ("打印纸", "办公椅", "台灯", "墨水", "文件夹", "书架")
PROSE = (
    "measured results show that pages with several columns are harder to read than letters because lines of text "
    "stand close together and a reader has to know which of them belong to one paragraph before the order is known"
)


@dataclass(frozen=True)
class Mark:
    """One thing on a picture."""

    box: Box
    name: str
    """What it is, or for a line of text what it says."""


@dataclass(frozen=True)
class Rendered:
    """A picture and everything on it."""

    image: Image.Image
    marks: tuple[Mark, ...]


@cache
def chinese_font() -> Path | None:
    """A font of this machine that has Chinese characters; None: there is none (Debian: fonts-wqy-microhei)."""
    try:
        command = ["fc-match", "-f", "%{file}|%{lang}", ":lang=zh-cn"]
        file, _, languages = subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition("|")
    except (OSError, subprocess.CalledProcessError):
        return None
    return Path(file) if "zh-cn" in languages.split("|") else None


def invoice(seed: int, *, width: int = 900, font: Path | None = None) -> Rendered:
    """An invoice: number, date, three positions and a total; in Chinese where a font for it is given."""
    drawn = random.Random(seed)
    height = round(width * 0.75)
    image = Image.new("RGB", (width, height), "white")
    size = width / 900
    rows = _rows(drawn, chinese=font is not None)
    marks = [_write(image, 60 * size, (50 + 75 * n) * size, row, 30 * size, font) for n, row in enumerate(rows)]
    return Rendered(image, tuple(marks))


def page(seed: int) -> Rendered:
    """A page of a report: title, paragraphs, a table with lines and a figure with bars, each with its caption."""
    drawn = random.Random(seed)
    image = Image.new("RGB", (800, 1056), "white")
    marks = [_title(image, drawn, 60)]
    marks.append(_paragraph(image, drawn, 120, 7))
    marks += _table(image, drawn, 310)
    marks.append(_paragraph(image, drawn, 530, 5))
    marks += _figure(image, drawn, 670)
    return Rendered(image, tuple(marks))


def _rows(drawn: random.Random, *, chinese: bool) -> list[str]:
    prices = [drawn.randint(100, 99_999) / 100 for _ in range(3)]
    number, day = drawn.randint(10_000, 99_999), f"2026-{drawn.randint(1, 12):02}-{drawn.randint(1, 28):02}"
    if chinese:
        goods = [f"{name}：{price:.2f}元" for name, price in zip(drawn.sample(CHINESE_GOODS, 3), prices, strict=True)]
        return [f"发票号码：{number}", f"开票日期：{day}", *goods, f"合计：{sum(prices):.2f}元"]
    goods = [f"{name}: {price:.2f}" for name, price in zip(drawn.sample(GOODS, 3), prices, strict=True)]
    return [f"Invoice No. {number}", f"Date: {day}", *goods, f"Total: {sum(prices):.2f}"]


@cache
def _font(path: Path | None, size: float) -> Font:
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(str(path), size)


def _write(image: Image.Image, x: float, y: float, text: str, size: float, font: Path | None = None) -> Mark:
    pen = ImageDraw.Draw(image)
    face = _font(font, size)
    pen.text((x, y), text, "black", face)
    left, top, right, bottom = pen.textbbox((x, y), text, face)
    return Mark((left, top, right, bottom), text)


def _title(image: Image.Image, drawn: random.Random, y: float) -> Mark:
    text = f"{drawn.choice(GOODS)}: report of the year {drawn.randint(1990, 2026)}"
    return Mark(_write(image, 80, y, text, 34).box, "title")


def _paragraph(image: Image.Image, drawn: random.Random, y: float, lines: int) -> Mark:
    boxes = []
    for number in range(lines):
        text = ""
        while ImageDraw.Draw(image).textlength(text, _font(None, 17)) < 600:
            text += drawn.choice(PROSE.split()) + " "
        boxes.append(_write(image, 80, y + 23 * number, text.strip(), 17).box)
    return Mark(_around(boxes), "text")


def _table(image: Image.Image, drawn: random.Random, y: float) -> list[Mark]:
    caption = _write(image, 250, y, f"Table {drawn.randint(1, 9)}. Sales by quarter", 16)
    pen, top = ImageDraw.Draw(image), y + 32
    box = (100.0, top, 700.0, top + 150)
    for row in range(6):
        pen.line((100, top + 30 * row, 700, top + 30 * row), "black")
    for column in range(5):
        pen.line((100 + 150 * column, top, 100 + 150 * column, top + 150), "black")
        for row in range(5):
            if column < 4:
                _write(image, 110 + 150 * column, top + 30 * row + 6, str(drawn.randint(10, 9999)), 15)
    return [Mark(caption.box, "table_caption"), Mark(box, "table")]


def _figure(image: Image.Image, drawn: random.Random, y: float) -> list[Mark]:
    pen, box = ImageDraw.Draw(image), (180.0, y, 620.0, y + 240)
    pen.rectangle(box, outline="black")
    for number in range(6):
        left, high = 210 + 68 * number, drawn.randint(40, 210)
        pen.rectangle((left, y + 239 - high, left + 40, y + 239), fill=drawn.choice(("navy", "teal", "brown")))
    caption = _write(image, 260, y + 250, f"Figure {drawn.randint(1, 9)}. Items by month", 16)
    return [Mark(box, "figure"), Mark(caption.box, "figure_caption")]


def _around(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)
