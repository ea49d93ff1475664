"""``prelabel``: every command shows progress, has ``--json``, and says what to do next when it fails."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from models.errors import PrelabelError
from models.specs import EncoderName, HeadSpec, ModelSpec, TransformersSpec
from serving import versions_cli
from serving.audit_cli import changes, write_down
from serving.costs_cli import ComputeHour, Currency, ItemSeconds, PersonHour, changed, costs
from serving.gate_cli import gate_app
from serving.logs import configure
from serving.models_cli import mapping_table, models_app, table_of, try_file
from serving.people_cli import people_app
from serving.project_file import ProjectFile
from serving.projects.mapping import mapping
from serving.report_cli import report
from serving.secrets import operator_token
from serving.settings import Settings
from serving.simulate_cli import simulate_app
from serving.suggestions_cli import suggestions, tabs
from serving.terminal import Config, Json, Slug, about, err, note, project_of, runtime_of, show

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(gate_app, name="gate")
app.add_typer(models_app, name="models")
app.add_typer(people_app, name="people")
app.add_typer(simulate_app, name="simulate")
app.command("try")(try_file)
app.command("costs")(costs)
app.command("report")(report)
app.command("suggestions")(suggestions)
app.command("tabs")(tabs)
app.command("changes")(changes)
for name, command in versions_cli.COMMANDS.items():
    models_app.command(name)(command)


def main() -> None:
    """Entry point: our own errors become one line on stderr and exit code 1."""
    try:
        app(standalone_mode=True)
    except PrelabelError as error:
        err.print(f"[red]error[/red] ({error.code}): {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)


@app.command()
def serve(
    config: Config = None,
    pipeline_replicas: Annotated[int, typer.Option(help="Processes that move items along.")] = 1,
    ingress_replicas: Annotated[int, typer.Option(help="Processes that answer HTTP.")] = 1,
) -> None:
    """Run the service on this machine: Ray Serve, models, pipeline and HTTP, until Ctrl-C."""
    from serving.deployments.run import serve_forever

    settings = Settings.load(config)
    configure(settings)
    args: dict[str, object] = {
        "config": str(config.resolve()) if config else None,
        "pipeline_replicas": pipeline_replicas,
        "ingress_replicas": ingress_replicas,
    }
    operator_token(settings)
    serve_forever(
        settings,
        args=args,
        ready=lambda url: err.print(f"ready: {url}; logs: {settings.data_dir / 'logs'}", highlight=False),
    )


@app.command()
def connect(
    url: Annotated[str, typer.Option(help="Address of Label Studio.")],
    token: Annotated[str, typer.Option(help="Legacy token or personal access token.", envvar="LABEL_STUDIO_API_KEY")],
    project: Annotated[int, typer.Option(help="Label Studio's project number.")],
    name: Annotated[str | None, typer.Option(help="Name to call it by; default: from its title.")] = None,
    encoder: Annotated[
        EncoderName | None, typer.Option(help="ngram, pixels or minilm; default: by the label config.")
    ] = None,
    classifier: Annotated[str | None, typer.Option(help="Hub id or folder of a transformers classifier.")] = None,
    file: Annotated[Path | None, typer.Option(help="Project file with these and more settings.")] = None,
    epsilon: Annotated[float | None, typer.Option(help="Error budget on accepted items; default 0.05.")] = None,
    delta: Annotated[float | None, typer.Option(help="Probability of missing the budget; default 0.1.")] = None,
    train_target: Annotated[int | None, typer.Option(help="Labels before the first training; default 200.")] = None,
    validation_target: Annotated[int | None, typer.Option(help="Blind labels to certify; default 200.")] = None,
    audit_rate: Annotated[float | None, typer.Option(help="Share of acceptable items checked blind; 0.05.")] = None,
    validation_people: Annotated[int | None, typer.Option(help="People for each blind item; default 1.")] = None,
    overlap_people: Annotated[int | None, typer.Option(help="People for each unsure item; default 1.")] = None,
    control_rate: Annotated[float | None, typer.Option(help="Suggestions hidden by lot; default 0.02.")] = None,
    tabs_of_queues: Annotated[
        bool | None, typer.Option("--tabs/--no-tabs", help="A tab in Label Studio for each queue; default: none.")
    ] = None,
    review_rate: Annotated[float | None, typer.Option(help="Share of labels that are reviewed; default 0.")] = None,
    person_hour: PersonHour = None,
    compute_hour: ComputeHour = None,
    currency: Currency = None,
    item_seconds: ItemSeconds = None,
    history: Annotated[Path | None, typer.Option(help="Labels that you already have, JSON lines; see docs.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what annotators would see; write nothing.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Connect a Label Studio project: checks everything, registers the webhook, reads the tasks that are there."""
    from serving.projects import connect as connecting

    runtime = runtime_of(config)
    spec: ModelSpec | None = None
    if classifier is not None:
        spec = TransformersSpec(source=classifier)
    elif encoder is not None:
        spec = HeadSpec(encoder=encoder)
    asked: dict[str, Any] = {
        "slug": name,
        "spec": spec,
        "epsilon": epsilon,
        "delta": delta,
        "train_target": train_target,
        "validation_target": validation_target,
        "audit_rate": audit_rate,
        "validation_people": validation_people,
        "overlap_people": overlap_people,
        "control_rate": control_rate,
        "tabs": tabs_of_queues,
        "review_rate": review_rate,
        "history": history,
    }
    wish = connecting.Wish(url=url, token=token, platform_project=project)
    if file is not None:
        wish = connecting.of_file(wish, ProjectFile.load(file))
    wish = replace(wish, **{key: value for key, value in asked.items() if value is not None})
    said = {"person_hour": person_hour, "compute_hour": compute_hour, "currency": currency}
    wish = replace(wish, costs=changed(wish.costs, **said, item_seconds=item_seconds))
    if dry_run:
        with err.status("reading tasks, predicting"):
            seen, tried = connecting.rehearse(runtime, wish)
        note(connecting.not_counting(seen.by_account, seen.user.email))
        show(tried.as_json() | {"mapping": mapping(seen.spec, seen.config)}, as_json, table_of(tried.items))
        if not as_json:
            err.print(mapping_table(seen.spec, seen.config))
            err.print("; ".join(tried.notes), markup=False)
        return
    with err.status("connecting: token, label config, webhook, tasks"):
        done = connecting.connect(runtime, wish)
    about(done.project.slug)
    note(connecting.not_counting(done.by_account, done.account))
    secret = runtime.vault.decrypt(done.project.webhook_secret).decode()
    value = {
        "project": done.project.slug,
        "account": done.account,
        "tasks": done.tasks,
        "history": done.history,
        "model": done.project.spec.model_dump(mode="json"),
        "warnings": done.warnings,
        "labels_by_account": done.by_account,
        "ml_backend": {
            "url": f"{runtime.settings.public_url}/ml/{done.project.slug}",
            "user": "prelabel",
            "password": secret,
        },
    }
    lines = [f"connected [bold]{done.project.slug}[/bold] as {done.account}: {done.tasks} tasks"]
    lines += [f"[yellow]note[/yellow] {escape(warning)}" for warning in done.warnings]
    lines += [
        "next: `prelabel serve` (if it is not running), then `prelabel report " + done.project.slug + "`",
        f"for 'Connect Model' in Label Studio: {value['ml_backend']}",
    ]
    show(value, as_json, "\n".join(lines))


@app.command()
def disconnect(slug: Slug, as_json: Json = False, config: Config = None) -> None:
    """Forget a project: its webhook and everything in our store. Label Studio keeps its tasks and labels."""
    from serving.pipeline import history
    from serving.projects.connect import webhook_url
    from serving.projects.suggestions import set_tabs

    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    try:
        runtime.platform(project).remove_webhook(webhook_url(runtime, project))
        if project.tabs:
            set_tabs(runtime, project, on=False)
    except PrelabelError as error:
        left = "webhook and tabs stay" if project.tabs else "the webhook stays"
        note(f"{left} in Label Studio: {error}")
    with runtime.store.begin() as uow:
        uow.projects.remove(project.id)
    history.forget(runtime.settings, slug)
    show({"removed": slug}, as_json, f"removed {slug}")


@app.command("token")
def renew_token(
    slug: Slug,
    token: Annotated[str, typer.Option(help="The new token, of the same account.", envvar="LABEL_STUDIO_API_KEY")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Use a new token of the same Label Studio account: the old one expired or was revoked."""
    from serving.projects import connect as connecting

    runtime = runtime_of(config)
    user = connecting.renew_token(runtime, project_of(runtime, slug), token)
    show({"project": slug, "account": user.email}, as_json, f"the new token of {user.email} is in use")


@app.command("rotate-key")
def rotate_key(as_json: Json = False, config: Config = None) -> None:
    """Encrypt what is stored with the first secret key; the others can be taken away afterwards."""
    from serving.projects.keys import rotate

    done = rotate(runtime_of(config))
    show({"projects": done}, as_json, f"the secrets of {done} projects are encrypted with the first key now")


@app.command()
def projects(as_json: Json = False, config: Config = None) -> None:
    """List the connected projects."""
    runtime = runtime_of(config)
    with runtime.store.read() as uow:
        rows = uow.projects.list()
    table = Table("name", "Label Studio", "gate", "model")
    for row in rows:
        where = f"{row.platform_url}/projects/{row.platform_project}"
        table.add_row(row.slug, where, row.gate_state.value, row.active_model or "-")
    show([{"name": r.slug, "gate": r.gate_state.value, "model": r.active_model} for r in rows], as_json, table)


@app.command()
def doctor(
    slug: Annotated[str | None, typer.Argument(help="Name of the project; default: all.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended from here.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Check token, webhook, addresses, versions and label config; print the setting to change for each finding."""
    from serving.projects.doctor import examine

    runtime = runtime_of(config)
    with runtime.store.read() as uow:
        rows = [uow.projects.by_slug(slug)] if slug else uow.projects.list()
    findings = [finding for row in rows for finding in examine(runtime, row, fix=fix)]
    table = Table("project", "check", "", "what to do")
    for f in findings:
        table.add_row(
            f.project, f.check, "[green]ok[/green]" if f.ok else "[red]wrong[/red]", escape(f.advice or f.detail)
        )
    show([f.model_dump(mode="json") for f in findings], as_json, table)
    if not all(f.ok for f in findings):
        raise typer.Exit(1)


@app.command()
def backfill(slug: Slug, as_json: Json = False, config: Config = None) -> None:
    """Read every task and annotation of the project again; finds whatever webhook and poll have missed."""
    from serving.pipeline import reconcile

    runtime = runtime_of(config)
    with err.status("reading tasks"):
        changed = reconcile.run(runtime, project_of(runtime, slug), full=True)
    show({"changed": changed}, as_json, f"{changed} items were new, changed, labelled or gone")


@app.command()
def explain(
    slug: Slug, task: Annotated[int, typer.Argument(help="Label Studio's task id.")], config: Config = None
) -> None:
    """Everything that happened to one task, as JSON: predictions, decisions with numbers, writes, labels."""
    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    with runtime.store.read() as uow:
        show(uow.items.explain(project.id, task), True, "")


@app.command()
def dead(slug: Slug, as_json: Json = False, config: Config = None) -> None:
    """List the items that were given up, with the reason."""
    from serving.store.records import ItemState

    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    with runtime.store.read() as uow:
        rows = uow.items.page(project.id, state=ItemState.DEAD, limit=1000)
    table = Table("item", "task", "reason")
    for row in rows:
        table.add_row(str(row.id), str(row.task_id), escape(row.last_error or ""))
    show([{"item": r.id, "task": r.task_id, "reason": r.last_error} for r in rows], as_json, table)


@app.command()
def redrive(
    slug: Slug,
    item: Annotated[list[int] | None, typer.Option("--item", help="Item id; default: all dead items.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Give dead items another try, after their cause was mended."""
    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    with runtime.store.begin() as uow:
        count = uow.items.redrive(project.id, item, runtime.now())
    show({"redriven": count}, as_json, f"{count} items start again")


@app.command()
def train(slug: Slug, as_json: Json = False, config: Config = None) -> None:
    """Train a head from the project's labels now. While the gate accepts, it is tried beside the one that predicts."""
    from serving.pipeline import learn

    runtime = runtime_of(config)
    with err.status("training"):
        ref = learn.train(runtime, project_of(runtime, slug), actor="operator")
    version = ref.version if ref is not None else None
    show({"model_version": version}, as_json, version or "nothing new: too few labels, or the same labels as before")


write_down(app)
