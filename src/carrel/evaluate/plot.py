"""SVG line plots without a library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 44, 180, 16, 40
COLORS = ("#1b6e6a", "#b4581a", "#5b4b9a", "#4a7a1f", "#9a2f52", "#3a5f9a")


def curve_plot(curves: Mapping[str, Sequence[float]], title: str) -> str:
    """Return an SVG image of shares (0 to 1) over 1, 2, 3, ...; each curve is labelled."""
    longest = max((len(each) for each in curves.values()), default=1)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12">',
        *_grid(longest),
    ]
    for index, (name, values) in enumerate(curves.items()):
        parts += _curve(index, name, values, longest)
    parts.append("</svg>")
    return "\n".join(parts)


def _x(place: int, longest: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (place - 1) / max(1, longest - 1)


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def _grid(longest: int) -> list[str]:
    parts = []
    for tenths in range(0, 11, 2):
        y = _y(tenths / 10)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tenths / 10:.1f}</text>'
        )
    for place in range(1, longest + 1):
        x = _x(place, longest)
        y = HEIGHT - BOTTOM + 18
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{place}</text>')
    return parts


def _curve(index: int, name: str, values: Sequence[float], longest: int) -> list[str]:
    color = COLORS[index % len(COLORS)]
    points = [(_x(place, longest), _y(share)) for place, share in enumerate(values, start=1)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    label = TOP + 14 + 20 * index
    side = WIDTH - RIGHT + 14
    return [
        f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in points),
        f'<rect x="{side}" y="{label - 9}" width="12" height="12" fill="{color}"/>',
        f'<text x="{side + 18}" y="{label + 2}">{escape(name)}</text>',
    ]
