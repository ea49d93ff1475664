"""``prelabel gate``: the gate of a project by hand, and the same statistics on any file, without service or store."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from models.errors import ConfigurationError
from models.gate import Certificate, certify
from serving import gate_files
from serving.store.records import CertificateRow, ProjectRow
from serving.terminal import Config, Json, Slug, err, out, project_of, runtime_of, show, stamp

gate_app = typer.Typer(no_args_is_help=True, help="The gate: state, history, closing by hand; certify and compare.")

Epsilon = Annotated[float, typer.Option(help="Error budget on accepted items, in (0, 1).")]
Delta = Annotated[float, typer.Option(help="Probability of missing the budget, in (0, 1).")]
Reason = Annotated[str, typer.Option(help="Why; goes into the audit trail.")]
By = Annotated[str, typer.Option(help="Who; goes into the audit trail.")]


@gate_app.command("status")
def gate_status(slug: Slug, as_json: Json = False, config: Config = None) -> None:
    """The gate's state, why, what its monitor sees, who challenges its model, every certificate, and its history."""
    from serving.monitoring.monitor import lines, monitor
    from serving.pipeline.challenge import progress

    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    with runtime.store.read() as uow:
        events, certificate = uow.gate.events(project.id), uow.gate.latest(project.id)
        seen = monitor(runtime, uow, project, certificate)
        trial, certificates = progress(runtime, uow, project), uow.gate.certificates(project.id)
    assumption = certificate.assumption if certificate is not None else None
    caption = f"the last certificate assumes: {escape(assumption)}" if assumption is not None else None
    table = Table("when", "from", "to", "by", "why", caption=caption)
    for e in events:
        table.add_row(stamp(e.at), e.before.value, e.after.value, e.actor, escape(e.reason))
    value = {
        "state": project.gate_state.value,
        "reason": project.gate_reason,
        "assumption": assumption,
        "monitor": seen.model_dump(mode="json") if seen is not None else None,
        "challenger": asdict(trial) if trial is not None else None,
        "certificates": [asdict(row) for row in certificates],
        "events": [
            {"at": e.at, "to": e.after.value, "actor": e.actor, "reason": e.reason, "numbers": e.numbers}
            for e in events
        ],
    }
    if seen is not None and not as_json:
        out.print("\n".join(f"{name}: {said}" for name, said in lines(seen)), highlight=False)
    if trial is not None and not as_json:
        waits = f"; it waits {trial.waits}" if trial.waits else ""
        out.print(f"challenger: {trial.version}, {trial.scored} of {trial.items} items scored{waits}", highlight=False)
    if certificates and not as_json:
        out.print(_certificates(certificates, project))
    show(value, as_json, table)


@gate_app.command("extend")
def gate_extend(
    slug: Slug,
    labels: Annotated[int, typer.Option(help="How many more blind labels to ask for.")] = 0,
    people: Annotated[int | None, typer.Option(help="How many people to ask where label and model disagree.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Ask for more blind labels, or more people's; the gate is certified again when they are in."""
    from serving.projects.gate import extend

    runtime = runtime_of(config)
    project = extend(runtime, project_of(runtime, slug), labels=labels, people=people)
    value = {"validation_target": project.validation_target, "validation_people": project.validation_people}
    text = f"the gate is certified again at {project.validation_target} blind labels"
    more = f", where model and label disagree by up to {project.validation_people} people"
    show(value, as_json, text + (more if project.validation_people > 1 else ""))


@gate_app.command("close")
def gate_close(slug: Slug, reason: Reason, by: By = "operator", as_json: Json = False, config: Config = None) -> None:
    """Stop acceptance at once."""
    from serving.projects.gate import close

    runtime = runtime_of(config)
    event = close(runtime, project_of(runtime, slug), reason=reason, actor=by)
    show({"state": event.after.value, "reason": event.reason}, as_json, f"closed: {escape(event.reason)}")


@gate_app.command("reopen")
def gate_reopen(slug: Slug, reason: Reason, by: By = "operator", as_json: Json = False, config: Config = None) -> None:
    """Let go of a gate that was closed by hand: it opens if its certificate still holds, else waits for a new one."""
    from serving.projects.gate import reopen

    runtime = runtime_of(config)
    event = reopen(runtime, project_of(runtime, slug), reason=reason, actor=by)
    show({"state": event.after.value, "reason": event.reason}, as_json, f"{event.after.value}: {escape(event.reason)}")


@gate_app.command("tolerance")
def gate_tolerance(
    slug: Slug,
    reason: Reason,
    epsilon: Annotated[float | None, typer.Option(help="Error budget on accepted items, in (0, 1).")] = None,
    delta: Annotated[float | None, typer.Option(help="Probability of missing it, in (0, 1).")] = None,
    by: By = "operator",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Change the error budget; nothing is accepted before a certificate for it."""
    from serving.projects.gate import tolerate

    runtime = runtime_of(config)
    after = tolerate(runtime, project_of(runtime, slug), epsilon=epsilon, delta=delta, reason=reason, actor=by)
    tolerance = {"epsilon": after.epsilon, "delta": after.delta}
    value = {"state": after.gate_state.value, "reason": after.gate_reason, **tolerance}
    show(value, as_json, f"{after.gate_state.value}: {escape(after.gate_reason)}")


@gate_app.command("certify")
def gate_certify(
    csv: Annotated[Path, typer.Option(help="Validation items: confidence, loss, optional stratum and inclusion.")],
    pool: Annotated[Path, typer.Option(help="Items to accept: confidence, optional stratum and inclusion.")],
    epsilon: Epsilon = 0.05,
    delta: Delta = 0.1,
    targeted_from: Annotated[
        float | None,
        typer.Option(help="Validation was drawn only at or above this confidence; 0: from everything."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Which confidence may be trusted, by two CSV files: labelled validation items, and the items to accept."""
    sample, waiting = gate_files.read_validation(csv), gate_files.read_pool(pool)
    try:
        certificate = certify(
            sample.confidences,
            sample.losses,
            waiting.confidences,
            epsilon=epsilon,
            delta=delta,
            strata=sample.strata,
            inclusion=sample.inclusion,
            pool_strata=waiting.strata,
            pool_inclusion=waiting.inclusion,
            targeted_from=targeted_from,
        )
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    show(asdict(certificate), as_json, _described(certificate))


@gate_app.command("simulate")
def gate_simulate(
    csv: Annotated[Path, typer.Option(help="Labelled items: confidence, correct or loss, optional predicted.")],
    labels: Annotated[int, typer.Option(help="Validation labels in each split.")],
    epsilon: Epsilon = 0.05,
    delta: Delta = 0.1,
    splits: Annotated[int, typer.Option(help="Random splits.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the draws; the same seed gives the same answer.")] = 0,
    as_json: Json = False,
) -> None:
    """What this gate and other rules would do with a labelled file: automation, true error, missed budgets."""
    from models.gate.simulate import simulate

    batch = gate_files.read_labelled(csv)
    try:
        with Progress(console=err, transient=True) as progress:
            task = progress.add_task("splits", total=splits)
            outcomes = simulate(
                batch.confidences,
                batch.losses,
                epsilon=epsilon,
                delta=delta,
                labels=labels,
                splits=splits,
                seed=seed,
                classes=batch.predicted,
                on_split=lambda: progress.advance(task),
            )
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    table = Table("rule", "automation", "selective error", "budget missed", "never opens", "overall budget missed")
    for o in outcomes:
        wrong = "-" if o.selective_error is None else f"{o.selective_error:.2%}"
        shares = (o.violations, o.never_opens, o.overall_violations)
        table.add_row(o.rule, f"{o.automation_rate:.1%}", wrong, *(f"{share:.1%}" for share in shares))
    value = {
        "items": batch.confidences.size,
        "labels": labels,
        "splits": splits,
        "seed": seed,
        "epsilon": epsilon,
        "delta": delta,
        "rules": [asdict(outcome) for outcome in outcomes],
    }
    show(value, as_json, table)


def _certificates(rows: list[CertificateRow], project: ProjectRow) -> Table:
    table = Table("certified", "model", "", "from", "labels", "errors", "at most", "coverage", "delta")
    for row in rows:
        answer = "[green]open[/green]" if row.open else "[red]closed[/red]"
        table.add_row(
            stamp(row.created_at),
            row.model_version,
            "trial, " + answer if row.trial else answer,
            "-" if row.threshold is None else f"{row.threshold:.4f}",
            str(row.n),
            str(row.errors),
            _bound(row.selective_upper),
            f"{row.coverage:.1%}",
            f"{row.delta:.2%}",
        )
    table.caption = f"epsilon {project.epsilon:.2%}; all tests together spend at most delta {project.delta:.2%}"
    return table


def _described(certificate: Certificate) -> RenderableType:
    """The figures in a table, one row a stratum, and the reasons below it."""
    rows = certificate.gates or {"all": certificate}
    table = Table("stratum", "gate", "from", "labels", "loss", "selective", "overall", "coverage")
    for name, gate in rows.items():
        table.add_row(
            escape(name),
            "[green]open[/green]" if gate.open else "[red]closed[/red]",
            "-" if gate.threshold is None else f"{gate.threshold:.4f}",
            str(gate.n),
            f"{gate.errors:g}",
            _bound(gate.selective_upper),
            _bound(gate.overall_upper),
            f"{gate.coverage:.1%}",
        )
    reasons = [escape(certificate.reason)]
    if len(rows) > 1:
        reasons += [f"{escape(name)}: {escape(gate.reason)}" for name, gate in rows.items()]
    return Group(table, *reasons)


def _bound(value: float | None) -> str:
    return "-" if value is None else f"<= {value:.2%}"
