"""What the demo found, in numbers and in words. The true error comes from Label Studio's own export and the gold."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.demo.following import moving, report
from scripts.demo.material import Importer, Material
from scripts.demo.stack import Service

LOOKS = 30
"""At most, a second apart."""


def outcome(
    material: Material, service: Service, slug: str, importer: Importer, project: int, *, url: str, token: str
) -> dict[str, Any]:
    """The report of the service, checked against what really stands in Label Studio."""
    said, machine = of_one_moment(service, slug, importer, project)
    gold = importer.gold(project)
    wrong = sum(label != gold[task] for task, labels in machine.items() for label in labels)
    doubled = sum(len(labels) > 1 for labels in machine.values())
    return {
        "project": material.name,
        "about": material.about,
        "arrived": said["arrived"],
        "labeled": said["labeled"],
        "accepted": said["accepted"],
        "accepted_in_label_studio": len(machine),
        "accepted_twice": doubled,
        "suggested": said["suggested"],
        "automation_rate": said["automation_rate"],
        "epsilon": said["epsilon"],
        "delta": said["delta"],
        "gate": said["gate"],
        "gate_reason": said["gate_reason"],
        "certificate": said["certificate"],
        "selective_error_true": wrong / len(machine) if machine else None,
        "audits": said["audits"],
        "audit_errors": said["audit_errors"],
        "audit_error_upper": said["audit_error_upper"],
        "suggestions_unchanged": said["suggestions_unchanged"],
        "ordering": said["ordering"],
        "items_per_second": said["items_per_second"],
        "states": said["states"],
        "label_studio": {"url": url, "project_id": project, "token": token},
        "prelabel_url": service.url,
        "in_words": words(said, wrong, len(machine)),
    }


def of_one_moment(
    service: Service, slug: str, importer: Importer, project: int
) -> tuple[dict[str, Any], dict[int, list[str]]]:
    """The report, and our annotations in Label Studio by task.

    Trainers work on meanwhile: both are read again, up to ``LOOKS`` times, until they are of one moment. Where they
    never are, what was read last is returned, and the difference is seen.
    """
    account = importer.account()
    looks = 0
    while True:
        said, machine, looks = report(service, slug), importer.machine_labels(project, account), looks + 1
        settled = not moving(said) and said["accepted"] == len(machine) == report(service, slug)["accepted"]
        if settled or looks == LOOKS:
            return said, machine
        time.sleep(1.0)


def words(said: dict[str, Any], wrong: int, accepted: int) -> str:
    """Why the gate is where it is, for someone who has not read the design."""
    certificate = said["certificate"]
    if certificate is None:
        return f"The gate is {said['gate']}: {said['gate_reason']}. Nothing was accepted without a person."
    if not certificate["open"]:
        return (
            f"The gate stays closed at epsilon {certificate['epsilon']:.0%}: {certificate['reason']} "
            "Every item goes to a person, with a suggestion."
        )
    return (
        f"The gate is {said['gate']}: {certificate['reason']} "
        f"Against the gold, {wrong} of the {accepted} accepted labels are wrong "
        f"({wrong / accepted:.2%}; the budget is {certificate['epsilon']:.0%})."
        if accepted
        else f"The gate is {said['gate']}: {certificate['reason']} Nothing was accepted yet."
    )


def show(console: Console, value: dict[str, Any]) -> None:
    """The report as a person reads it."""
    labeled = value["labeled"]
    table = Table(title=value["about"], show_header=False, title_justify="left")
    table.add_row("arrived", f"{value['arrived']}")
    table.add_row(
        "labelled by people",
        f"{sum(labeled.values())}: train {labeled['train']}, validation {labeled['validation']} (blind), "
        f"audit {labeled['audit']} (blind), corrections of suggestions {labeled['correction']}",
    )
    table.add_row("accepted without a person", f"{value['accepted']} = {value['automation_rate']:.1%} of all arrived")
    if value["selective_error_true"] is not None:
        table.add_row("wrong among them (against the gold)", f"{value['selective_error_true']:.2%}")
    if value["certificate"] is not None:
        proof = value["certificate"]
        upper = f"{proof['selective_upper']:.2%}" if proof["selective_upper"] is not None else "-"
        table.add_row(
            "certificate",
            f"{proof['errors']} errors in {proof['n']} blind labels: at most {upper} wrong "
            f"(epsilon {proof['epsilon']:.0%}; this test spent {proof['delta']:.1%} of delta {value['delta']:.0%})",
        )
    if value["audits"]:
        table.add_row("blind audits", f"{value['audit_errors']} wrong of {value['audits']}")
    if value["suggestions_unchanged"] is not None:
        table.add_row("suggestions left unchanged", f"{value['suggestions_unchanged']:.1%}")
    order = value["ordering"]
    table.add_row(
        "train labels asked for",
        f"{order['asked_by_informativeness']} by informativeness, {order['asked_at_random']} at random as a control, "
        f"{order['not_listed']} not listed",
    )
    table.add_row("our order against random", order["in_words"])
    rates = ", ".join(f"{stage} {rate:,.0f}/s" for stage, rate in value["items_per_second"].items())
    table.add_row("throughput by stage", rates)
    console.print(table)
    console.print(value["in_words"], highlight=False)
    if value["drift"] is not None:
        show_drift(console, value["drift"])


def show_drift(console: Console, value: dict[str, Any]) -> None:
    """What happened when labels turned."""
    table = Table(title=f"then {value['turn']}", show_header=False, title_justify="left")
    table.add_row("arrived after that", f"{value['arrived']}")
    table.add_row("the gate", f"{value['gate']}: {value['reason']}")
    table.add_row("opened again for people", f"{value['reopened']}, of which {value['reopened_wrong']} were wrong")
    table.add_row("accepted and left", _wrong(value["shipped_wrong"], value["shipped"]))
    table.add_row("would have shipped without closing", _wrong(value["without_gate_wrong"], value["without_gate"]))
    console.print(table)


def _wrong(wrong: int, n: int) -> str:
    return f"{wrong} wrong of {n} = {wrong / n:.1%}" if n else "none"
