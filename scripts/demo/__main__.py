"""``make demo``: the main job, end to end, on real parts; then both servers stay up for you to look around."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from scripts import label_studio
from scripts.demo.drift import drift
from scripts.demo.following import ACCEPTS, moving, queue, watch
from scripts.demo.material import Importer, Material, material
from scripts.demo.outcome import outcome, show
from scripts.demo.progress import shown
from scripts.demo.stack import ROOT, Service, start_service, stop_service
from scripts.demo.trainers import Answers, Trainers

HOME = Path(os.environ.get("PRELABEL_DEMO_HOME", ROOT / "var" / "demo")).absolute()
"""Where both servers keep what they have."""
PASSWORD = "label-these-well"
TRAINERS = ("trainer-1@example.com", "trainer-2@example.com")
MORE_LABELS = 250
"""Up to so many further blind labels are given when the gate says that they would open it."""
MORE_SUGGESTIONS = 300
"""Suggestions that the trainers still correct after the gate has answered; the others wait for people."""

console = Console()


def run(
    project: Annotated[str, typer.Option(help="digits or reviews.")] = "digits",
    epsilon: Annotated[float | None, typer.Option(help="Error budget; default: the project file's.")] = None,
    items: Annotated[
        int | None, typer.Option(min=300, help="Only so many items, for a shorter run; default: all.")
    ] = None,
    turn: Annotated[bool, typer.Option("--turn/--no-turn", help="Then let labels turn, until the gate closes.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report to this file.")] = None,
    leave: Annotated[bool, typer.Option("--exit", help="Stop both servers at the end.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Only stop what an earlier run left running.")] = False,
) -> None:
    """Run the demo, or stop what it left running."""
    if stop:
        ended = [
            name
            for name, done in (
                ("Prelabel", stop_service(HOME / "prelabel")),
                ("Label Studio", label_studio.stop(HOME / "label-studio")),
            )
            if done
        ]
        console.print(f"stopped: {', '.join(ended)}" if ended else "nothing was running")
        return
    if project not in ("digits", "reviews"):
        raise typer.BadParameter("digits or reviews")
    value = demo(material(project, items), epsilon, turn=turn)
    show(console, value)
    if json_file is not None:
        json_file.write_text(json.dumps(value, indent=2, ensure_ascii=False))
    if leave:
        stop_service(HOME / "prelabel")
        label_studio.stop(HOME / "label-studio")
    else:
        farewell(value)


def demo(chosen: Material, epsilon: float | None, *, turn: bool) -> dict[str, Any]:
    """Start what is not running, do the main job on a new project, and say what came of it.

    With ``turn``, labels turn afterwards: what comes of that is under ``drift``, and counts for nothing else.
    """
    with shown(console) as progress:
        row = progress.add_task("Label Studio", total=None)
        say = _describe(progress, row)
        studio = label_studio.start(HOME / "label-studio", progress=say)
        tokens = [label_studio.create_user(studio, email, PASSWORD) for email in TRAINERS]
        service = start_service(HOME / "prelabel", progress=say)
        progress.update(row, description="Label Studio and Prelabel are up", total=1, completed=1)

        importer = Importer(studio.url, studio.token, chosen)
        number = importer.create(f"{chosen.project.title} {time.strftime('%H:%M:%S')}")
        cut = int(len(chosen.examples) * chosen.first)
        row = progress.add_task("items arrive", total=len(chosen.examples))
        importer.send(number, chosen.examples[:cut], lambda n: progress.advance(row, n))
        connecting = progress.add_task("Prelabel is connected with the project and reads its tasks", total=None)
        slug = connect(service, chosen, studio, number, epsilon)
        progress.update(connecting, description="Prelabel is connected", total=1, completed=1)

        control, obj = chosen.control, chosen.obj
        answers = Answers(control=control, obj=obj, gold=importer.gold(number))
        console.print(
            f"two trainers label in project {number}; their labels are [bold]replayed from the gold[/bold] "
            "through Label Studio's API, each with an account of their own"
        )
        trainers = Trainers(service, slug, studio.url, tokens, answers)
        trainers.start()
        label_until_answered(progress, service, slug, trainers, chosen)
        importer.send(number, chosen.examples[cut:], lambda n: progress.advance(row, n))
        trainers.learn(importer.gold(number))
        finish(progress, service, slug, trainers)
        value = outcome(chosen, service, slug, importer, number, url=studio.url, token=studio.token)
        value["drift"] = None
        if turn and value["gate"] in ACCEPTS:
            value["drift"] = drift(progress, chosen, service, slug, trainers, importer, number)
        trainers.stop()
        return value


def connect(service: Service, chosen: Material, studio: label_studio.Server, number: int, epsilon: float | None) -> str:
    """``prelabel connect``, as an operator would call it; the project's name."""
    slug = f"{chosen.name}-{number}"
    extra = ["--epsilon", str(epsilon)] if epsilon is not None else []
    if chosen.history:
        past = HOME / f"{slug}-history.jsonl"
        rows = ({"data": {chosen.field: e.content}, "label": e.label} for e in chosen.history)
        past.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        extra += ["--history", str(past)]
    done = json.loads(
        service.command(
            "connect",
            *("--url", studio.url, "--token", studio.token, "--project", str(number), "--name", slug),
            *("--file", str(chosen.file), "--control-rate", "0", "--json", *extra),  # a program's times say nothing
        )
    )
    for warning in done["warnings"]:
        console.print(f"[yellow]note[/yellow] {warning}")
    return slug


def label_until_answered(progress: Progress, service: Service, slug: str, trainers: Trainers, chosen: Material) -> None:
    """Until the gate has opened, or has said why it stays closed; asked for a few more labels, they give them once."""
    file = chosen.project
    wanted = file.validation_target + (0 if chosen.history else file.train_target)
    labels = progress.add_task("people label: train and blind validation", total=wanted)
    model = progress.add_task("a model is trained", total=None, visible=False)
    answered = 0
    for said in watch(service, slug, trainers):
        labeled, proof = said["labeled"], said["certificate"]
        given = min(wanted, labeled["train"] + labeled["validation"])
        progress.update(labels, completed=given)
        if given == wanted and said["gate"] != "cold":
            unscored = said["states"].get("received", 0)
            text = "the model predicts what is there, for the gate"
            progress.update(model, description=text, total=said["arrived"], completed=said["arrived"] - unscored)
        progress.update(model, visible=given == wanted)
        if proof is None or proof["n_validation"] == answered:
            continue
        if not proof["open"] and not answered and 0 < proof["needed_labels"] <= MORE_LABELS:
            answered = proof["n_validation"]
            console.print(f"{proof['reason']} [bold]The operator asks for {proof['needed_labels']} more labels.[/bold]")
            service.command("gate", "extend", slug, "--labels", str(proof["needed_labels"]))
            wanted += proof["needed_labels"]
            progress.update(labels, total=wanted)
            continue
        progress.update(labels, completed=wanted)
        progress.update(model, description=f"the gate is {said['gate']}", total=1, completed=1)
        return


def finish(progress: Progress, service: Service, slug: str, trainers: Trainers) -> None:
    """Until everything that arrived has gone its way, audits are in, and trainers have corrected some suggestions."""
    people = progress.add_task("people correct suggestions and label audits blind", total=MORE_SUGGESTIONS)
    row = progress.add_task("the stream goes on", total=None)
    before = trainers.suggestions_seen
    for said in watch(service, slug, trainers):
        corrected = trainers.suggestions_seen - before
        progress.update(row, total=said["arrived"], completed=said["arrived"] - moving(said))
        progress.update(people, completed=min(corrected, MORE_SUGGESTIONS - 1))
        if moving(said):
            continue
        waiting = queue(service, slug)
        blind = sum(item["blind"] for item in waiting)
        if not waiting or (not blind and corrected >= MORE_SUGGESTIONS):
            progress.update(people, completed=MORE_SUGGESTIONS)
            return


def _describe(progress: Progress, row: Any) -> Callable[[str], None]:
    return lambda message: progress.update(row, description=message)


def farewell(value: dict[str, Any]) -> None:
    """Where to look now."""
    studio = label_studio.load(HOME / "label-studio")
    token = json.loads((HOME / "prelabel" / "service.json").read_text())["token"]
    assert studio is not None
    number = value["label_studio"]["project_id"]
    console.print(
        f"\nLabel Studio  {studio.url}/projects/{number}/data\n"
        f"  operator    {studio.username} / {studio.password}\n"
        f"  trainers    {', '.join(TRAINERS)} / {PASSWORD}\n"
        f"Prelabel      {value['prelabel_url']}/api/docs\n"
        f"  token       {token}\n"
        "make stop ends both.",
        highlight=False,
        markup=False,
    )


if __name__ == "__main__":
    typer.run(run)
