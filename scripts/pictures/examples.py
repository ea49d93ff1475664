"""One example for each tag of a label config: a task, and what a model might say of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_image

from models import values
from models.types import PictureSize, Region
from scripts import film, speech

Upload = Callable[[str, bytes], str]
"""(file name, content) -> what a task says for it."""


@dataclass(frozen=True, slots=True)
class Example:
    """A task and its suggestion."""

    tags: tuple[str, ...]
    """What it shows, as in the table of label types."""
    xml: str
    """The label config, without the view around it."""
    data: Callable[[Upload], dict[str, Any]]
    regions: Sequence[Region]

    @property
    def name(self) -> str:
        """Of its picture."""
        return "-".join(self.tags).lower()


@cache
def photo() -> NDArray[np.uint8]:
    """A dahlia (scikit-learn's ``flower.jpg``, by tzheng, CC BY 2.0)."""
    picture: NDArray[np.uint8] = load_sample_image("flower.jpg")
    return picture


def _petals() -> tuple[int, ...]:
    """The flower's pixels, found by their colour, as runs."""
    red, green, blue = (photo()[:, :, channel].astype(int) for channel in range(3))
    on = ((red > 150) & (red - blue > 60) & (red - green > 10)).ravel()
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False]))))
    runs = np.diff(np.concatenate(([0], edges, [on.size])))
    return tuple(int(run) for run in (runs[:-1] if runs[-1] == 0 else runs))


def _jpeg(upload: Upload) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.fromarray(photo()).save(buffer, "JPEG", quality=85)
    return {"image": upload("flower.jpg", buffer.getvalue())}


def _recording(upload: Upload) -> dict[str, Any]:
    pause = np.zeros(speech.RATE, dtype=np.float32)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.concatenate([pause, _spoken(), pause]), speech.RATE, format="WAV")
    return {"audio": upload("speech.wav", buffer.getvalue())}


def _spoken() -> NDArray[np.float32]:
    return speech.say("Good morning, how may I help you?")


def _film(upload: Upload, folder: Path) -> dict[str, Any]:
    return {"video": upload("film.webm", film.write(folder / "film.webm").read_bytes())}


def _fixed(data: dict[str, Any]) -> Callable[[Upload], dict[str, Any]]:
    return lambda _: data


def _shape(control: str, value: values.Value, group: str | None = None) -> Region:
    height, width = photo().shape[:2]
    return Region(control=control, value=value, group=group, score=0.9, size=PictureSize(width=width, height=height))


def _span(text: str, part: str, label: str) -> Region:
    start = text.index(part)
    value = values.TextSpan(start=start, end=start + len(part), text=part, labels=(label,))
    return Region(control="answer", value=value, score=0.9)


def _say(value: values.Value) -> tuple[Region, ...]:
    return (Region(control="answer", value=value, score=0.9),)


SENTENCE = "Ada Lovelace wrote to Charles Babbage from London."
REVIEW = "The parcel came a day late, but the shoes fit and look better than in the picture."
TALK = [
    {"author": "Agent", "text": "Good morning, how may I help you?"},
    {"author": "Customer", "text": "My parcel has not arrived yet."},
    {"author": "Agent", "text": "I am sorry. May I have the order number?"},
]
PAGE = "<h3>Invoice 1042</h3><p>Due on <b>31 January</b>, to be paid to Acme Ltd.</p>"
ANSWERS = [
    {"id": "a", "title": "A", "body": "Restart the router, then wait for two minutes."},
    {"id": "b", "title": "B", "body": "I do not know."},
    {"id": "c", "title": "C", "body": "Restart the router."},
]
LABELS = '<Label value="Flower"/><Label value="Leaf"/>'
IMAGE = '<Image name="image" value="$image"/>'
TEXT = '<Text name="text" value="$text"/>'
VIDEO = f'<Video name="video" value="$video" framerate="{film.RATE}"/>'
FLOWER = values.Rectangle(x=24, y=17, width=46, height=69, labels=("Flower",))
OUTLINE = (
    (48, 17),
    (58, 20),
    (66, 32),
    (70, 51),
    (66, 70),
    (57, 83),
    (46, 86),
    (35, 81),
    (28, 66),
    (26, 49),
    (31, 30),
    (39, 20),
)
"""Of the flower, percent of the picture."""


def examples(folder: Path) -> list[Example]:
    """All of them; files are made in ``folder``."""

    def on_image(tag: str, value: values.Value) -> Example:
        return Example(
            (tag,), f'{IMAGE}<{tag} name="answer" toName="image">{LABELS}</{tag}>', _jpeg, [_shape("answer", value)]
        )

    def on_video(tags: tuple[str, ...], xml: str, *regions: Region) -> Example:
        return Example(tags, VIDEO + xml, lambda upload: _film(upload, folder), regions)

    spoken = values.Segment(start=1.0, end=1.0 + _spoken().size / speech.RATE, labels=("Speech",))
    height, width = photo().shape[:2]
    series = {
        "time": list(range(200)),
        "load": [round(20 + 5 * np.sin(n / 6) + 30 * (90 <= n < 130), 2) for n in range(200)],
    }
    return [
        Example(
            ("Choices",),
            f'{TEXT}<Choices name="answer" toName="text"><Choice value="positive"/><Choice value="negative"/>'
            "</Choices>",
            _fixed({"text": REVIEW}),
            _say(values.Choices(labels=("positive",))),
        ),
        Example(
            ("Taxonomy",),
            f'{TEXT}<Taxonomy name="answer" toName="text"><Choice value="Clothing"><Choice value="Shoes"/>'
            '<Choice value="Coats"/></Choice><Choice value="Books"/></Taxonomy>',
            _fixed({"text": REVIEW}),
            _say(values.Taxonomy(paths=(("Clothing", "Shoes"),))),
        ),
        Example(
            ("Labels", "text"),
            f'{TEXT}<Labels name="answer" toName="text"><Label value="Person"/><Label value="Place"/></Labels>',
            _fixed({"text": SENTENCE}),
            [
                _span(SENTENCE, "Ada Lovelace", "Person"),
                _span(SENTENCE, "Charles Babbage", "Person"),
                _span(SENTENCE, "London", "Place"),
            ],
        ),
        Example(
            ("Labels", "audio"),
            '<Audio name="audio" value="$audio"/><Labels name="answer" toName="audio"><Label value="Speech"/></Labels>',
            _recording,
            _say(spoken),
        ),
        Example(
            ("Labels", "image"),
            f'{IMAGE}<Labels name="label" toName="image">{LABELS}</Labels><Rectangle name="box" toName="image"/>',
            _jpeg,
            [
                _shape("box", FLOWER.model_copy(update={"labels": ()}), "a"),
                _shape("label", values.Choices(labels=("Flower",)), "a"),
            ],
        ),
        Example(
            ("HyperTextLabels",),
            '<HyperText name="page" value="$page"/><HyperTextLabels name="answer" toName="page"><Label value="Date"/>'
            '<Label value="Payee"/></HyperTextLabels>',
            _fixed({"page": PAGE}),
            _say(
                values.HyperTextSpan(
                    start="/p[1]/b[1]/text()[1]",
                    end="/p[1]/b[1]/text()[1]",
                    start_offset=0,
                    end_offset=10,
                    global_start=19,
                    global_end=29,
                    text="31 January",
                    labels=("Date",),
                )
            ),
        ),
        Example(
            ("ParagraphLabels",),
            '<Paragraphs name="talk" value="$talk" layout="dialogue"/><ParagraphLabels name="answer" toName="talk">'
            '<Label value="Problem"/><Label value="Question"/></ParagraphLabels>',
            _fixed({"talk": TALK}),
            _say(
                values.DialogueSpan(
                    start=1, end=1, start_offset=3, end_offset=29, text=TALK[1]["text"][3:29], labels=("Problem",)
                )
            ),
        ),
        on_image("RectangleLabels", FLOWER),
        on_image("EllipseLabels", values.Ellipse(x=47, y=52, radius_x=23, radius_y=35, labels=("Flower",))),
        on_image("PolygonLabels", values.Polygon(points=OUTLINE, labels=("Flower",))),
        on_image("BrushLabels", values.Mask(width=width, height=height, runs=_petals(), labels=("Flower",))),
        on_image("KeyPointLabels", values.KeyPoint(x=47, y=51, size=1.5, labels=("Flower",))),
        Example(
            ("TimeSeriesLabels",),
            '<TimeSeries name="series" value="$series" valueType="json" timeColumn="time"><Channel column="load"/>'
            '</TimeSeries><TimeSeriesLabels name="answer" toName="series"><Label value="Overload"/></TimeSeriesLabels>',
            _fixed({"series": series}),
            _say(values.Segment(start=90, end=130, labels=("Overload",))),
        ),
        on_video(
            ("VideoRectangle",),
            '<VideoRectangle name="answer" toName="video"/>'
            '<Labels name="label" toName="video"><Label value="Square"/></Labels>',
            Region(control="answer", value=film.track("Square"), score=0.9),
        ),
        on_video(
            ("TimelineLabels",),
            '<TimelineLabels name="answer" toName="video"><Label value="Left half"/><Label value="Right half"/>'
            "</TimelineLabels>",
            *_say(values.FrameRanges(ranges=((1, 32),), labels=("Left half",))),
            *_say(values.FrameRanges(ranges=((33, 50),), labels=("Right half",))),
        ),
        Example(
            ("TextArea",),
            f'{TEXT}<TextArea name="answer" toName="text"/>',
            _fixed({"text": REVIEW}),
            _say(values.Text(texts=("Late, but good shoes.",))),
        ),
        Example(
            ("Rating",),
            f'{TEXT}<Rating name="answer" toName="text"/>',
            _fixed({"text": REVIEW}),
            _say(values.Rating(stars=4)),
        ),
        Example(
            ("Number",),
            f'{TEXT}<Number name="answer" toName="text"/>',
            _fixed({"text": "Twelve boxes of tea at 4.50"}),
            _say(values.Number(number=54)),
        ),
        Example(
            ("DateTime",),
            f'{TEXT}<DateTime name="answer" toName="text" only="date" format="%Y-%m-%d"/>',
            _fixed({"text": "Delivered on the last day of January 2026"}),
            _say(values.DateTime(text="2026-01-31")),
        ),
        Example(
            ("Pairwise",),
            '<Text name="left" value="$left"/><Text name="right" value="$right"/>'
            '<Pairwise name="answer" toName="left,right"/>',
            _fixed({"left": ANSWERS[0]["body"], "right": ANSWERS[1]["body"]}),
            _say(values.Pair(selected="left")),
        ),
        Example(
            ("Ranker",),
            '<List name="list" value="$list"/><Ranker name="answer" toName="list"/>',
            _fixed({"list": ANSWERS}),
            _say(values.Ranking(buckets={"answer": ("a", "c", "b")})),
        ),
    ]
