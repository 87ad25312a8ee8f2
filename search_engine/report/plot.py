"""The frame of a chart and what is drawn in it, as SVG that is sharp at every width.

The outer `<svg>` has no view box: texts, grid and single marks stand at percentages of its size, so
letters and circles keep theirs. Data lie in an inner `<svg>` of 1000 x 1000 that is stretched over
it, with strokes that are not. Dots are strokes of no length with round ends: thousands in a path.
"""

from collections.abc import Iterable, Mapping, Sequence

from search_engine.report.markup import Child, Markup, element, joined, number
from search_engine.report.scales import Axis

Point = tuple[float, float]
MOST_NAMED_DOTS = 250
"""Up to here every dot says on hover what it is; beyond, dots are a few paths."""
DENSE_LAYERS = 4


class Plot:
    """Turns points of two axes into marks.

    Args:
        x: the axis to the right.
        y: the axis upwards.
    """

    def __init__(self, x: Axis, y: Axis) -> None:
        self.x = x
        self.y = y

    def place(self, point: Point) -> Point:
        """Right and down, of 1000."""
        return 1000 * self.x.share(point[0]), 1000 - 1000 * self.y.share(point[1])

    def percent(self, point: Point) -> tuple[str, str]:
        """The same as percentages."""
        right, down = self.place(point)
        return f"{right / 10:.2f}%", f"{down / 10:.2f}%"

    def dots(self, points: Sequence[Point], names: Sequence[str]) -> Markup:
        """A dot for each point; `names` are what they say on hover."""
        places = [f"M{right:.0f} {down:.0f}h0" for right, down in map(self.place, points)]
        if len(places) <= MOST_NAMED_DOTS:
            return joined(
                element("path", element("title", name), d=place, class_="dot")
                for place, name in zip(places, names, strict=True)
            )
        layers = ("".join(places[index::DENSE_LAYERS]) for index in range(DENSE_LAYERS))
        return joined(element("path", d=layer, class_="dot dense") for layer in layers)

    def line(self, points: Sequence[Point], class_: str = "line") -> Markup:
        """A line through the points; a single one is a dot."""
        places = [f"{number(right)} {number(down)}" for right, down in map(self.place, points)]
        end = "h0" if len(places) == 1 else ""
        return element("path", d="M" + "L".join(places) + end, class_=class_)

    def steps(self, points: Sequence[Point], end: float) -> Markup:
        """A line that keeps each value up to the next point, and the last up to `end`."""
        if not points:
            return Markup()
        right, down = self.place(points[0])
        path = f"M{number(right)} {number(down)}"
        for right, down in map(self.place, points[1:]):
            path += f"H{number(right)}V{number(down)}"
        return element("path", d=f"{path}H{number(1000 * self.x.share(end))}", class_="line")

    def rug(self, values: Iterable[float]) -> Markup:
        """Short red strokes at the bottom."""
        path = "".join(f"M{number(1000 * self.x.share(value))} 965V1000" for value in values)
        return element("path", d=path, class_="failure") if path else Markup()

    def mark(self, point: Point, name: str, class_: str = "mark") -> Markup:
        """A circle that says on hover what it is."""
        x, y = self.percent(point)
        return element("circle", element("title", name), cx=x, cy=y, r=4, class_=class_)

    def text(self, point: Point, content: str, *, class_: str, dx: int, dy: int) -> Markup:
        """A text beside a point; left of it where `dx` is below 0."""
        x, y = self.percent(point)
        anchor = "end" if dx < 0 else None
        return element("text", content, x=x, y=y, dx=dx, dy=dy, text_anchor=anchor, class_=class_)

    def across(self, value: float, content: str) -> Markup:
        """A dashed line at a value of `y`, with what it is at its right end, above or below."""
        y = self.percent((self.x.low, value))[1]
        above = self.y.share(value) < 0.9
        return joined(
            (
                element("line", x1="0", x2="100%", y1=y, y2=y, class_="reference"),
                element(
                    "text",
                    content,
                    x="100%",
                    y=y,
                    dy=-6 if above else 15,
                    text_anchor="end",
                    class_="reference-text",
                ),
            )
        )

    def frame(
        self,
        label: str,
        *,
        data: Iterable[Child],
        marks: Iterable[Child] = (),
        x_ticks: Mapping[float, str],
        y_ticks: Mapping[float, str],
        class_: str = "",
    ) -> Markup:
        """The whole chart.

        Args:
            label: its accessible name: what it shows, and the result in words.
            data: what lies in the stretched part.
            marks: what lies on it: texts, single marks.
            x_ticks: values and their texts, below.
            y_ticks: values and their texts, at the left, each with a line.
            class_: more classes.
        """
        inner = element(
            "svg",
            *data,
            class_="data",
            viewBox="0 0 1000 1000",
            preserveAspectRatio="none",
            width="100%",
            height="100%",
        )
        return element(
            "svg",
            *(self._row(value, text) for value, text in y_ticks.items()),
            *(self._column(value, text) for value, text in x_ticks.items()),
            inner,
            *marks,
            class_=f"plot {class_}".strip(),
            role="img",
            aria_label=label,
        )

    def _row(self, value: float, text: str) -> Markup:
        y = self.percent((self.x.low, value))[1]
        return joined(
            (
                element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"),
                element("text", text, x="0", y=y, dx=-8, dy=4, text_anchor="end"),
            )
        )

    def _column(self, value: float, text: str) -> Markup:
        x = self.percent((value, self.y.low))[0]
        return element("text", text, x=x, y="100%", dy=18, text_anchor="middle")
