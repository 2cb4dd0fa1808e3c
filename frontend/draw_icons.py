"""Draws the app icons and the picture shown when a page is shared, after img/mark.svg.

python frontend/draw_icons.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent.parent / "yangbanjian" / "faces" / "web" / "static" / "img"
OVERSAMPLING = 8
BLUE, WHITE, ORANGE, TEAL = "#0a2f7d", "#ffffff", "#ff9f43", "#35d0b4"
HOUSE = [(8.5, 29.5), (8.5, 17.5), (20, 8.5), (31.5, 17.5), (31.5, 29.5)]
# Three cubic curves of the mark: start, two handles, end.
CURVES = [
    ((14, 28), (16.5, 21.5), (18.7, 21.5), (20, 24.5)),
    ((20, 24.5), (21.3, 27.5), (23.5, 27), (26, 21)),
]

Point = tuple[float, float]


def _on_curve(p0: Point, p1: Point, p2: Point, p3: Point, steps: int = 60) -> list[Point]:
    points = []
    for k in range(steps + 1):
        t = k / steps
        a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
        points.append(
            (
                a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0],
                a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1],
            )
        )
    return points


def mark(size: int, *, corner: float = 10, inner: float = 1.0) -> Image.Image:
    """The mark in `size` px; `corner` in units of 40; `inner` shrinks it for masked icons."""
    full = size * OVERSAMPLING
    unit = full / 40
    picture = Image.new("RGBA", (full, full), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, full - 1, full - 1), corner * unit, fill=BLUE)

    def at(point: Point) -> Point:
        return tuple((20 + (v - 20) * inner) * unit for v in point)  # type: ignore[return-value]

    def dot(point: Point, radius: float, colour: str) -> None:
        x, y = at(point)
        r = radius * unit * inner
        pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def stroke(points: list[Point], width: float) -> None:
        pen.line(
            [at(p) for p in points], fill=WHITE, width=round(width * unit * inner), joint="curve"
        )
        for end in (points[0], points[-1]):
            dot(end, width / 2, WHITE)

    stroke(HOUSE, 3.2)
    stroke([p for curve in CURVES for p in _on_curve(*curve)], 2.4)
    dot((14, 28), 3.1, ORANGE)
    dot((26, 21), 3.1, TEAL)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def share_picture(side: int = 300) -> Image.Image:
    """A square with the mark on the blue to teal ground of the home page; no text in pictures."""
    ground = Image.new("RGB", (side, side))
    pen = ImageDraw.Draw(ground)
    stops = ((10, 47, 125), (20, 84, 204), (11, 127, 135))
    for x in range(side):
        t = x / (side - 1) * 2
        first, second = (stops[0], stops[1]) if t < 1 else (stops[1], stops[2])
        part = t % 1 if t < 2 else 1
        colour = tuple(round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
        pen.line((x, 0, x, side), fill=colour)
    drawn = mark(160)
    ground.paste(drawn, ((side - 160) // 2, (side - 160) // 2), drawn)
    return ground


def main() -> None:
    """Writes all pictures."""
    mark(192).save(FOLDER / "icon-192.png", optimize=True)
    mark(512).save(FOLDER / "icon-512.png", optimize=True)
    mark(512, corner=0, inner=0.8).save(FOLDER / "icon-maskable-512.png", optimize=True)
    share_picture().save(FOLDER / "share.png", optimize=True)


if __name__ == "__main__":
    main()
