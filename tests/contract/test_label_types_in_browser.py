"""The annotator's page shows what we send, and sends back the same when nothing is changed."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from connectors.base import OutgoingPrediction
from connectors.label_studio.client import LabelStudio
from connectors.label_studio.label_config import parse
from connectors.label_studio.results import decode
from models import values
from models.types import PictureSize, Prediction, Region
from scripts import film
from scripts.browser import at_rest, chromium, signed_in, submit
from scripts.label_studio import Server, create_user
from scripts.uploads import upload
from tests.support.label_studio import RemoteHands

pytestmark = [
    pytest.mark.browser,
    pytest.mark.label_studio,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium: apt-get install chromium"),
]

XML = """<View>
<Text name="text" value="$text"/><Image name="image" value="$image"/><HyperText name="page" value="$page"/>
<Paragraphs name="talk" value="$talk" layout="dialogue"/>
<Labels name="spans" toName="text"><Label value="PER"/></Labels>
<HyperTextLabels name="hyper" toName="page"><Label value="H"/></HyperTextLabels>
<ParagraphLabels name="said" toName="talk"><Label value="D"/></ParagraphLabels>
<Labels name="shapes" toName="image"><Label value="s"/></Labels><Rectangle name="box" toName="image"/>
<TextArea name="line" toName="image" perRegion="true"/>
<RectangleLabels name="boxes" toName="image"><Label value="cat"/></RectangleLabels>
<EllipseLabels name="ovals" toName="image"><Label value="oval"/></EllipseLabels>
<PolygonLabels name="areas" toName="image"><Label value="area"/></PolygonLabels>
<BrushLabels name="paints" toName="image"><Label value="paint"/></BrushLabels>
<KeyPointLabels name="points" toName="image"><Label value="point"/></KeyPointLabels>
<Taxonomy name="tree" toName="text"><Choice value="x"><Choice value="y"/></Choice><Choice value="w"/></Taxonomy>
<Rating name="stars" toName="text" maxRating="7"/><Number name="count" toName="text"/>
<DateTime name="day" toName="text" only="date" format="%Y-%m-%d"/><TextArea name="note" toName="text"/>
</View>"""
SIZE = PictureSize(width=40, height=30)
TEXT = "😀 Ada met 𝔹ob in 東京 👩‍👩‍👧 yesterday"
"""With characters that take two UTF-16 units, so that code points and units count differently."""
PAGE = "<p>😀 one</p><p>two 😀 three</p>"
TALK = [{"author": "a", "text": "😀 how are you"}, {"author": "b", "text": "well 😀 thanks"}]


def picture() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (SIZE.width, SIZE.height), "white").save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def at(text: str, part: str) -> dict[str, Any]:
    start = text.index(part)
    return {"start": start, "end": start + len(part), "text": part}


def shape(control: str, value: values.Value, group: str | None = None) -> Region:
    return Region(control=control, value=value, group=group, size=SIZE)


REGIONS = [
    Region(control="spans", value=values.TextSpan(**at(TEXT, "𝔹ob"), labels=("PER",))),
    Region(control="spans", value=values.TextSpan(**at(TEXT, "yesterday"), labels=("PER",))),
    shape("box", values.Rectangle(x=10, y=20, width=30, height=40), "l"),
    shape("shapes", values.Choices(labels=("s",)), "l"),
    shape("line", values.Text(texts=("read",)), "l"),
    shape("boxes", values.Rectangle(x=50, y=50, width=25, height=25, rotation=10, labels=("cat",))),
    shape("ovals", values.Ellipse(x=50, y=50, radius_x=10, radius_y=20, labels=("oval",))),
    shape("areas", values.Polygon(points=((10, 10), (20, 10), (20, 30)), labels=("area",))),
    shape("paints", values.Mask(width=40, height=30, runs=(405, 10, 30, 10, 745), labels=("paint",))),
    shape("points", values.KeyPoint(x=70, y=70, size=2, labels=("point",))),
    Region(
        control="said",
        value=values.DialogueSpan(start=1, end=1, start_offset=8, end_offset=14, text="thanks", labels=("D",)),
    ),
    Region(
        control="hyper",
        value=values.HyperTextSpan(
            start="/p[2]/text()[1]",
            end="/p[2]/text()[1]",
            start_offset=7,
            end_offset=12,
            global_start=11,
            global_end=16,
            text="three",
            labels=("H",),
        ),
    ),
    Region(control="tree", value=values.Taxonomy(paths=(("x", "y"),))),
    Region(control="stars", value=values.Rating(stars=6)),
    Region(control="count", value=values.Number(number=2.5)),
    Region(control="day", value=values.DateTime(text="2024-01-31")),
    Region(control="note", value=values.Text(texts=("a note", "another"))),
]


def plain(regions: tuple[Region, ...]) -> dict[str, list[Any]]:
    """By control: values with numbers rounded, as the page computes percentages anew."""

    def rounded(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 3)
        if isinstance(value, list | tuple):
            return [rounded(item) for item in value]
        return {key: rounded(item) for key, item in value.items()} if isinstance(value, dict) else value

    found: dict[str, list[Any]] = {}
    for region in regions:
        found.setdefault(region.control, []).append(rounded(region.value.model_dump()))
    return {name: sorted(items, key=str) for name, items in found.items()}


OTHERS_XML = """<View>
<Text name="left" value="$left"/><Text name="right" value="$right"/><List name="list" value="$list"/>
<TimeSeries name="series" value="$series" valueType="json" timeColumn="time"><Channel column="v"/></TimeSeries>
<Choices name="several" toName="left" choice="multiple"><Choice value="a"/><Choice value="b" alias="bee"/></Choices>
<Pairwise name="pair" toName="left,right"/><Ranker name="order" toName="list"/>
<TimeSeriesLabels name="events" toName="series"><Label value="up"/></TimeSeriesLabels>
</View>"""
OTHERS = [
    Region(control="several", value=values.Choices(labels=("a", "bee"))),
    Region(control="pair", value=values.Pair(selected="right")),
    Region(control="order", value=values.Ranking(buckets={"order": ("c", "a", "b")})),
    Region(control="events", value=values.Segment(start=10, end=20, labels=("up",))),
]


def submitted(
    server: Server, profile: Path, xml: str, data: dict[str, Any], regions: list[Region], shows: str
) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
    """What a trainer submits who opens the suggestion and changes nothing, and what was sent. Files are uploaded."""
    hands = RemoteHands(server, xml)
    held = {
        name: upload(hands.admin, hands.project_id, value.name, value.read_bytes())
        if isinstance(value, Path)
        else value
        for name, value in data.items()
    }
    [task_id] = hands.add_tasks([held])
    platform = LabelStudio(server.url, server.token, hands.project_id)
    made = Prediction(key="1", regions=tuple(regions), confidence=0.5, model_version="v1")
    assert platform.publish_predictions([OutgoingPrediction(task_id, made)], check_existing=False).refused == ()
    platform.set_model_version("v1")
    email, password = f"trainer-{hands.project_id}@example.com", "a long passphrase"
    create_user(server, email, password)
    with signed_in(server, email, password, profile) as page:
        page.goto(f"{server.url}/projects/{hands.project_id}/data?task={task_id}")
        page.get_by_text(shows).first.wait_for()
        at_rest(page)
        result = submit(page, task_id)["result"]
    sent = platform.stored([task_id], "v1")[0].result
    platform.close()
    hands.close()
    config = parse(xml)
    return decode(result, config), decode(sent, config)


def test_the_page_sends_back_what_it_was_sent(server: Server, tmp_path: Path) -> None:
    data = {"text": TEXT, "image": picture(), "page": PAGE, "talk": TALK}
    back, sent = submitted(server, tmp_path, XML, data, REGIONS, "three")
    assert plain(back) == plain(sent)
    groups = {region.group for region in back if region.control in ("box", "shapes", "line")}
    assert len(groups) == 1
    assert groups != {None}


def test_series_pairs_and_orders_come_back_too(server: Server, tmp_path: Path) -> None:
    data = {
        "left": "a left text",
        "right": "a right text",
        "list": [{"id": name, "title": name.upper(), "body": ""} for name in "abc"],
        "series": {"time": list(range(50)), "v": [number % 7 for number in range(50)]},
    }
    back, sent = submitted(server, tmp_path, OTHERS_XML, data, OTHERS, "a right text")
    assert plain(back) == plain(sent)


FILM_XML = f"""<View>
<Video name="video" value="$video" framerate="{film.RATE}"/><VideoRectangle name="tracks" toName="video"/>
<Labels name="tracked" toName="video"><Label value="square"/></Labels>
<TimelineLabels name="scenes" toName="video"><Label value="left"/><Label value="right"/></TimelineLabels>
</View>"""
SCENES = (
    values.FrameRanges(ranges=((1, 32),), labels=("left",)),
    values.FrameRanges(ranges=((33, 50),), labels=("right",)),
)


def test_tracks_and_scenes_of_a_film_come_back_too(server: Server, tmp_path: Path) -> None:
    regions = [
        Region(control="tracks", value=film.track("square")),
        *(Region(control="scenes", value=scene) for scene in SCENES),
    ]
    back, sent = submitted(server, tmp_path, FILM_XML, {"video": film.write(tmp_path / "film.webm")}, regions, "square")
    assert len(sent) == len(regions)
    assert plain(back) == plain(sent)
