"""Troubleshooting, from the table that the doctor makes its findings by, and from the tree of errors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from models import errors
from models.errors import PrelabelError
from scripts.docs_site.markdown import anchor, prose, table
from serving.projects.checks import CHECKS, Check


def checks_page() -> str:
    """One section a check; those of one name stand together."""
    named: dict[str, list[Check]] = {}
    for check in CHECKS:
        named.setdefault(check.name, []).append(check)
    return "\n".join(_section(name, checks) for name, checks in named.items())


def _section(name: str, checks: list[Check]) -> str:
    lines = [f"### `{name}` {{#check-{anchor(name)}}}\n", " ".join(prose(check.looks_at) for check in checks), ""]
    lines += ["**What can be wrong**\n", *(f"- {prose(one)}" for check in checks for one in check.wrong), ""]
    lines += ["**It says**\n", *(f"> {_advice(check)}\n" for check in checks if check.advice != "{warning}")]
    if fix := next((check.fix for check in checks if check.fix), ""):
        lines.append(f"`prelabel doctor --fix` {fix}.\n")
    return "\n".join(lines)


def _advice(check: Check) -> str:
    """The advice with its placeholders as words."""
    return prose(re.sub(r"\{(\w+)[^}]*\}", lambda found: found[1].upper(), check.advice))


def errors_page() -> str:
    """Each error's code and HTTP status, as commands and the API tell them."""
    rows = [(f"`{kind.code}`", str(kind.status), prose(inspect.getdoc(kind) or "")) for kind in kinds()]
    return table(("code", "status", "meaning"), rows)


def kinds() -> Iterator[type[PrelabelError]]:
    """Error classes with a code of their own, as the module has them."""
    seen = set()
    for kind in vars(errors).values():
        if inspect.isclass(kind) and issubclass(kind, PrelabelError) and kind.code not in seen:
            seen.add(kind.code)
            yield kind
