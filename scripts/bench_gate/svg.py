"""Plots as SVG text: axes, points, lines and a legend. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

COLOURS = ("#0b6e4f", "#1f77b4", "#d1495b", "#edae49", "#6a4c93", "#00798c", "#8d6a4f", "#555555", "#c77dba")
"""Told apart also by those who see few colours; the first is ours."""
LEFT, TOP, RIGHT, BOTTOM = 62, 34, 14, 48
"""Margins around the area of a panel, in pixels."""
EDGE = 8
"""Right of the last panel, for its last label."""
LINE_HEIGHT = 18


@dataclass(frozen=True)
class Curve:
    """Values of one name; a single point is drawn as a point, more as a line with points."""

    name: str
    points: tuple[tuple[float, float], ...]
    hollow: tuple[bool, ...] = ()
    """Points that are drawn empty; as long as ``points``, or nothing."""


@dataclass(frozen=True)
class Panel:
    """One pair of axes; values are in the units of the axes."""

    title: str
    x_label: str
    y_label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_ticks: tuple[float, ...]
    y_ticks: tuple[float, ...]
    curves: tuple[Curve, ...]
    verticals: tuple[float, ...] = field(default=())
    """Dashed lines at these x."""


def figure(panels: Sequence[Panel], names: Sequence[str], *, columns: int, width: int = 420, height: int = 300) -> str:
    """Panels side by side over one legend.

    Args:
        panels: drawn row by row.
        names: of the curves, in the order of the colours; at most as many as there are colours.
        columns: panels a row.
        width: of a panel, in pixels.
        height: of a panel, in pixels.
    """
    if len(names) > len(COLOURS):
        raise ValueError(f"{len(names)} names, and only {len(COLOURS)} colours")
    colours = dict(zip(names, COLOURS, strict=False))
    rows = -(-len(panels) // columns)
    a_line = max(2, columns)
    legend = -(-len(names) // a_line)
    total_width, total_height = columns * width + EDGE, rows * height + legend * LINE_HEIGHT + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} {total_height}" '
        f'width="{total_width}" height="{total_height}" font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{total_width}" height="{total_height}" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        parts.append(f'<g transform="translate({column * width},{row * height})">')
        parts.extend(_panel(panel, colours, width, height))
        parts.append("</g>")
    for number, (name, colour) in enumerate(colours.items()):
        row, column = divmod(number, a_line)
        x, y = column * columns * width / a_line + 20, rows * height + row * LINE_HEIGHT + 8
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 10:.1f}" y="{y + 4:.1f}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, colours: dict[str, str], width: int, height: int) -> list[str]:
    right, bottom = width - RIGHT, height - BOTTOM

    def x(value: float) -> float:
        low, high = panel.x_range
        return LEFT + (min(max(value, low), high) - low) / (high - low) * (right - LEFT)

    def y(value: float) -> float:
        low, high = panel.y_range
        return bottom - (min(max(value, low), high) - low) / (high - low) * (bottom - TOP)

    middle = (LEFT + right) / 2
    parts = [_text(panel.title, middle, TOP - 14, weight="bold"), _text(panel.x_label, middle, bottom + 36)]
    turned = f'transform="rotate(-90 16 {(TOP + bottom) / 2:.1f})"'
    parts.append(_text(panel.y_label, 16, (TOP + bottom) / 2, extra=turned))
    for tick in panel.y_ticks:
        parts.append(_line(LEFT, y(tick), right, y(tick), "#e4e4e4"))
        parts.append(_text(f"{tick:.0%}", LEFT - 6, y(tick) + 4, anchor="end"))
    for tick in panel.x_ticks:
        parts.append(_line(x(tick), TOP, x(tick), bottom, "#e4e4e4"))
        parts.append(_text(f"{tick:.0%}", x(tick), bottom + 17))
    parts.extend(_line(x(at), TOP, x(at), bottom, "#222", 'stroke-dasharray="5 4"') for at in panel.verticals)
    for curve in panel.curves:
        parts.extend(_curve(curve, [(x(a), y(b)) for a, b in curve.points], colours[curve.name]))
    return [*parts, _line(LEFT, bottom, right, bottom, "#222"), _line(LEFT, TOP, LEFT, bottom, "#222")]


def _curve(curve: Curve, places: list[tuple[float, float]], colour: str) -> list[str]:
    parts = []
    if len(places) > 1:
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
    hollow = curve.hollow or (False,) * len(places)
    for (a, b), empty in zip(places, hollow, strict=True):
        fill = "#fff" if empty else colour
        title = f"<title>{escape(curve.name)}</title>"
        parts.append(
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4.5" fill="{fill}" stroke="{colour}" stroke-width="1.8">'
            f"{title}</circle>"
        )
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, extra: str = "") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {extra}/>'


def _text(text: str, x: float, y: float, *, anchor: str = "middle", weight: str = "normal", extra: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}"'
    return f"<text {place} {extra}>{escape(text)}</text>"
