"""Values of enumerations that pages show, marked for the catalogues: ``_(state.value)`` says one."""

from __future__ import annotations

from typing import Final

from serving.language import N_

GATE_STATES: Final = (N_("cold"), N_("shadow"), N_("open"), N_("watch"), N_("closed"))
ITEM_STATES: Final = (
    N_("received"),
    N_("scored"),
    N_("decided"),
    N_("published"),
    N_("labeled"),
    N_("dead"),
    N_("gone"),
)
ROUTES: Final = (N_("accept"), N_("suggest"), N_("audit"))
LABEL_ROLES: Final = (N_("train"), N_("validation"), N_("audit"), N_("correction"), N_("gold"))
MEDIA: Final = (
    N_("text"),
    N_("image"),
    N_("audio"),
    N_("video"),
    N_("timeseries"),
    N_("hypertext"),
    N_("dialogue"),
    N_("list"),
)
REVIEW_STATES: Final = (
    N_("pending"),
    N_("accepted"),
    N_("fixed"),
    N_("rejected"),
    N_("appealed"),
    N_("upheld"),
    N_("overturned"),
    N_("void"),
)
REVIEW_REASONS: Final = (
    N_("wrong_label"),
    N_("missed_region"),
    N_("extra_region"),
    N_("bad_boundary"),
    N_("wrong_text"),
    N_("guideline"),
    N_("gold"),
    N_("not_done"),
)
PARTS: Final = (
    N_("start"),
    N_("end"),
    N_("text"),
    N_("start_offset"),
    N_("end_offset"),
    N_("global_start"),
    N_("global_end"),
    N_("x"),
    N_("y"),
    N_("width"),
    N_("height"),
    N_("rotation"),
    N_("radius_x"),
    N_("radius_y"),
    N_("points"),
    N_("size"),
    N_("channel"),
    N_("frames"),
    N_("duration"),
    N_("sequence"),
    N_("ranges"),
    N_("texts"),
    N_("stars"),
    N_("number"),
    N_("selected"),
    N_("buckets"),
)
"""Of an answered region, as ``models.people.reviews.lines`` names them."""
