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
