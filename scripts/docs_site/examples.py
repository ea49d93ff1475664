"""One example a route: what goes into its path, its query and its body. A test sends every one of them."""

from __future__ import annotations

from typing import Any

from models.types import Frozen

PATH = {
    "slug": ("mood", "Name of the project, as `prelabel projects` lists it."),
    "task": ("345", "Label Studio's task id."),
    "user": ("7", "Label Studio's user id."),
    "lease": ("31", "Number of the lease, as `next` answered."),
    "review": ("5", "Number of the review."),
    "version": ("mood-1828a3f9ad2c", "Name of the model version, as `models` lists it."),
    "form": ("csv", "Form of the file."),
    "answer": ("12", "Number of the answer to a gold item, as the person's `gold` lists it."),
}
"""Name in a path -> example and meaning."""


class Example(Frozen):
    """What is sent, besides the path."""

    query: str = ""
    body: Any = None
    """JSON; None: there is none."""


HOOK = {"action": "PING"}
TASK = {"id": 345, "data": {"text": "a lovely, splendid day"}}
EXAMPLES: dict[str, Example] = {
    "GET /api/v1/changes": Example(query="project=mood&limit=20"),
    "GET /api/v1/projects/{slug}/report.{form}": Example(query="language=zh-Hans"),
    "POST /api/v1/projects/{slug}/models": Example(
        body={
            "spec": {"kind": "head", "encoder": "ngram", "provider": "cpu", "quantize": False},
            "reason": "is the network as good unquantized?",
            "by": "ada",
        }
    ),
    "POST /api/v1/projects/{slug}/models/{version}/shadow": Example(body={"reason": "is it as good?", "by": "ada"}),
    "POST /api/v1/projects/{slug}/models/shadow/drop": Example(body={"reason": "seen enough", "by": "ada"}),
    "POST /api/v1/projects/{slug}/models/{version}/promote": Example(
        body={"reason": "knows the new product", "by": "ada"}
    ),
    "POST /api/v1/projects/{slug}/models/rollback": Example(body={"reason": "takes irony for praise", "by": "ada"}),
    "POST /api/v1/projects/{slug}/models/release": Example(body={"reason": "the new head is out", "by": "ada"}),
    "GET /api/v1/projects/{slug}/queue": Example(query="limit=2"),
    "GET /api/v1/projects/{slug}/items": Example(query="state=published&limit=100"),
    "POST /api/v1/projects/{slug}/redrive": Example(body={"items": [1, 2]}),
    "POST /api/v1/projects/{slug}/suggestions": Example(body={"control_rate": 0.02}),
    "POST /api/v1/projects/{slug}/tabs": Example(body={"on": True}),
    "POST /api/v1/projects/{slug}/gate/close": Example(body={"reason": "new product line", "by": "ada"}),
    "POST /api/v1/projects/{slug}/gate/reopen": Example(body={"reason": "the labels are right", "by": "ada"}),
    "POST /api/v1/projects/{slug}/gate/tolerance": Example(
        body={"epsilon": 0.03, "delta": 0.1, "reason": "the customer asks for it", "by": "ada"}
    ),
    "POST /api/v1/projects/{slug}/gate/extend": Example(body={"labels": 150}),
    "PUT /api/v1/projects/{slug}/people/{user}": Example(
        body={"email": "anna@example.com", "daily_cap": 200, "skills": [{"domain": "law", "level": 3}]}
    ),
    "POST /api/v1/projects/{slug}/next": Example(body={"user": 7}),
    "POST /api/v1/leases/{lease}/give-back": Example(body={"reason": "not my field"}),
    "GET /api/v1/projects/{slug}/people/consensus": Example(query="method=dawid_skene&limit=1000"),
    "GET /api/v1/projects/{slug}/people/figures": Example(query="days=7"),
    "GET /api/v1/projects/{slug}/gold/proposals": Example(query="limit=20"),
    "PUT /api/v1/projects/{slug}/gold/{task}": Example(body={"domain": "law"}),
    "POST /api/v1/projects/{slug}/gold/{task}/rule": Example(
        body={"ruling": "upheld", "reason": "irony is negative, by the guideline"}
    ),
    "POST /api/v1/projects/{slug}/people/{user}/gold/{answer}/dispute": Example(body={"reason": "it is irony"}),
    "POST /api/v1/projects/{slug}/people/{user}/qualifications": Example(body={"domain": "law"}),
    "POST /api/v1/projects/{slug}/people/{user}/pause": Example(body={"reason": "on leave until Monday"}),
    "PUT /api/v1/projects/{slug}/review-rate": Example(body={"rate": 0.1}),
    "GET /api/v1/projects/{slug}/reviews": Example(query="state=rejected&limit=100"),
    "POST /api/v1/projects/{slug}/reviews/next": Example(body={"user": 8}),
    "POST /api/v1/projects/{slug}/reviews/{review}/decide": Example(
        body={
            "user": 8,
            "outcome": "reject",
            "seen": 1764340000.0,
            "code": "guideline",
            "evidence": {"kind": "rule", "text": "3.2: irony is negative"},
            "note": "see the third example",
        }
    ),
    "POST /api/v1/projects/{slug}/reviews/{review}/give-back": Example(body={"user": 8, "reason": "not my field"}),
    "POST /api/v1/projects/{slug}/reviews/{review}/appeal": Example(body={"user": 7, "reason": "no irony in it"}),
    "POST /api/v1/projects/{slug}/reviews/{review}/answer": Example(
        body={"user": 9, "outcome": "overturn", "reason": "there is none"}
    ),
    "POST /hooks/label-studio/{slug}": Example(body=HOOK),
    "POST /ml/{slug}/predict": Example(body={"tasks": [TASK]}),
    "POST /ml/{slug}/webhook": Example(body=HOOK),
}
"""``METHOD path`` -> example; a route that is not here takes neither query nor body."""
