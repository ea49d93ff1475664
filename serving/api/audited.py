"""Every route that changes something, by the name that the audit log has for it; and those that it leaves out.

A test goes through the routes of the application and refuses one that stands in neither table. Until it does, the log
has it all the same: under its method and path, with its reason and nothing else of what was sent.
"""

from __future__ import annotations

from typing import Final

from models.costs import Costs
from serving.trail import Action

PROJECT = "/api/v1/projects/{slug}"
BY = ("by",)
TOLERANCE = ("epsilon", "delta", "epsilon_percent", "delta_percent", "by")
COSTS = tuple(Costs.model_fields)
SEEN = ("outcome", "code")
"""Of a review; note and evidence stand with it."""

ACTIONS: Final[dict[tuple[str, str], Action]] = {
    ("POST", f"{PROJECT}/redrive"): Action("items.redrive", ("items",)),
    ("POST", f"{PROJECT}/train"): Action("model.train"),
    ("POST", f"{PROJECT}/suggestions"): Action("suggestions.rate", ("control_rate",)),
    ("POST", f"{PROJECT}/tabs"): Action("tabs.set", ("on",)),
    ("POST", f"{PROJECT}/gate/close"): Action("gate.close", BY),
    ("POST", f"{PROJECT}/gate/reopen"): Action("gate.reopen", BY),
    ("POST", f"{PROJECT}/gate/tolerance"): Action("gate.tolerance", TOLERANCE),
    ("POST", f"{PROJECT}/gate/extend"): Action("gate.extend", ("labels", "people")),
    ("PUT", f"{PROJECT}/people/{{user}}"): Action("person.seat", ("daily_cap", "reviews", "skills"), "user {user}"),
    ("DELETE", f"{PROJECT}/people/{{user}}"): Action("person.forget", (), "user {user}"),
    ("POST", f"{PROJECT}/people/{{user}}/pause"): Action("person.pause", ("field",), "user {user}"),
    ("POST", f"{PROJECT}/people/{{user}}/resume"): Action("person.resume", (), "user {user}"),
    ("POST", f"{PROJECT}/people/{{user}}/qualifications"): Action(
        "qualification.start", ("domain", "language", "task"), "user {user}"
    ),
    ("DELETE", f"{PROJECT}/people/{{user}}/qualifications"): Action("qualification.give-up", (), "user {user}"),
    ("POST", f"{PROJECT}/people/{{user}}/gold/{{answer}}/dispute"): Action(
        "gold.dispute", ("answer",), "user {user}", reason=False
    ),
    ("PUT", f"{PROJECT}/gold/{{task}}"): Action("gold.put", ("domain", "language"), "task {task}"),
    ("DELETE", f"{PROJECT}/gold/{{task}}"): Action("gold.retire", (), "task {task}"),
    ("POST", f"{PROJECT}/gold/{{task}}/rule"): Action("gold.rule", ("ruling",), "task {task}"),
    ("PUT", f"{PROJECT}/review-rate"): Action("reviews.rate", ("rate",)),
    ("POST", f"{PROJECT}/reviews/{{review}}/decide"): Action(
        "review.decide", (*SEEN, "user"), "review {review}", reason=False
    ),
    ("POST", f"{PROJECT}/reviews/{{review}}/answer"): Action(
        "review.answer", ("outcome", "user"), "review {review}", reason=False
    ),
    ("POST", f"{PROJECT}/reviews/{{review}}/appeal"): Action(
        "review.appeal", ("user",), "review {review}", reason=False
    ),
    ("POST", f"{PROJECT}/reviews/{{review}}/give-back"): Action(
        "review.give-back", ("user",), "review {review}", reason=False
    ),
    ("POST", "/api/v1/leases/{lease}/extend"): Action("lease.extend", (), "lease {lease}"),
    ("POST", "/api/v1/leases/{lease}/give-back"): Action("lease.give-back", (), "lease {lease}", reason=False),
    ("POST", f"{PROJECT}/models"): Action("model.add", ("spec", "by")),
    ("POST", f"{PROJECT}/models/rollback"): Action("model.roll-back", ("to", "by")),
    ("POST", f"{PROJECT}/models/release"): Action("model.release", BY),
    ("POST", f"{PROJECT}/models/shadow/drop"): Action("model.drop-shadow", BY),
    ("POST", f"{PROJECT}/models/{{version}}/promote"): Action("model.promote", BY, "model {version}"),
    ("POST", f"{PROJECT}/models/{{version}}/shadow"): Action("model.shadow", BY, "model {version}"),
    ("POST", "/sign-in"): Action("sign-in"),
    ("POST", "/sign-out"): Action("sign-out"),
    ("POST", "/projects/{slug}/gate/close"): Action("gate.close"),
    ("POST", "/projects/{slug}/gate/reopen"): Action("gate.reopen"),
    ("POST", "/projects/{slug}/gate/tolerance"): Action("gate.tolerance", TOLERANCE),
    ("POST", "/projects/{slug}/costs"): Action("costs.set", COSTS),
    ("POST", "/projects/{slug}/doctor/fix"): Action("project.mend"),
    ("POST", "/projects/{slug}/models/promote"): Action("model.promote", (), "model {version}"),
    ("POST", "/projects/{slug}/models/shadow"): Action("model.shadow", (), "model {version}"),
    ("POST", "/projects/{slug}/models/shadow/drop"): Action("model.drop-shadow"),
    ("POST", "/projects/{slug}/models/release"): Action("model.release"),
    ("POST", "/connect/go"): Action("project.connect", ("platform_project", "epsilon", "delta")),
    ("POST", "/projects/{slug}/items/dead/redrive"): Action("items.redrive"),
    ("POST", "/projects/{slug}/items/dead/{item}/redrive"): Action("items.redrive", (), "item {item}"),
    ("POST", "/train/sign-in"): Action("sign-in"),
    ("POST", "/train/sign-out"): Action("sign-out"),
    ("POST", "/train/{slug}/leases/{lease}/extend"): Action("lease.extend", (), "lease {lease}"),
    ("POST", "/train/{slug}/leases/{lease}/give-back"): Action("lease.give-back", (), "lease {lease}", reason=False),
    ("POST", "/train/{slug}/qualifications"): Action("qualification.start", ("domain", "language", "task")),
    ("POST", "/train/{slug}/qualifications/give-up"): Action("qualification.give-up"),
    ("POST", "/train/{slug}/answers/{answer}/dispute"): Action("gold.dispute", (), "answer {answer}", reason=False),
    ("POST", "/train/{slug}/review/{review}/decide"): Action("review.decide", SEEN, "review {review}", reason=False),
    ("POST", "/train/{slug}/review/{review}/answer"): Action(
        "review.answer", ("outcome",), "review {review}", reason=False
    ),
    ("POST", "/train/{slug}/review/{review}/give-back"): Action(
        "review.give-back", (), "review {review}", reason=False
    ),
    ("POST", "/train/{slug}/decisions/{review}/appeal"): Action("review.appeal", (), "review {review}", reason=False),
}
"""(method, path) -> what it is called."""

EVENT = "Label Studio tells of its own changes, many a second; items and labels keep them one by one"
BEAT = "an open page says so every ten seconds; the lease keeps the newest"
HANDED_OUT = "an open page asks every five seconds; the lease keeps who got what, when and why"
TYPED = "a draft of a project: it goes after an hour, and what becomes of it is written down as it is connected"

LEFT_OUT: Final[dict[tuple[str, str], str]] = {
    ("POST", "/hooks/label-studio/{slug}"): EVENT,
    ("POST", "/ml/{slug}/webhook"): EVENT,
    ("POST", "/ml/{slug}/train"): "Label Studio asks for a training; the model version keeps it",
    ("POST", "/ml/{slug}/setup"): "reads a version, changes nothing",
    ("POST", "/ml/{slug}/predict"): "asks for predictions; a task that is new becomes an item, which keeps it",
    ("POST", f"{PROJECT}/next"): HANDED_OUT,
    ("POST", f"{PROJECT}/reviews/next"): HANDED_OUT,
    ("POST", "/train/{slug}/next"): HANDED_OUT,
    ("POST", "/train/{slug}/review/next"): HANDED_OUT,
    ("POST", "/api/v1/leases/{lease}/beat"): BEAT,
    ("POST", "/train/{slug}/leases/{lease}/beat"): BEAT,
    **{("POST", f"/connect/{step}"): TYPED for step in ("account", "project", "model", "budget", "costs", "forget")},
    ("POST", "/language"): "a cookie of the browser, and nothing here",
}
"""(method, path) -> why the log does not have it."""
