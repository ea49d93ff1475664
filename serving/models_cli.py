"""``prelabel try``, and ``prelabel models``: what models say, before and after they are connected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from models.specs import HeadSpec, ModelSpec, TransformersSpec
from models.types import LabelConfig
from serving.pipeline.standing import standing_of
from serving.projects.mapping import mapping
from serving.settings import Settings
from serving.terminal import Config, Json, err, project_of, runtime_of, show, stamp

models_app = typer.Typer(no_args_is_help=True, help="What models there are, what they are, and whether they run.")


def try_file(
    file: Annotated[Path, typer.Argument(help="A project file.")],
    tasks: Annotated[Path | None, typer.Option(help="Tasks, JSON or JSON lines; default: the file's samples.")] = None,
    limit: Annotated[int, typer.Option(help="Predict at most so many.", min=1)] = 20,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Run a project file on sample tasks, without any server: shows what an annotator would see."""
    from serving.projects.trying import attempt

    with err.status("loading, training where the model learns, predicting"):
        done = attempt(Settings.load(config), file, tasks=tasks, limit=limit)
    show(done.as_json(), as_json, table_of(done.items))
    if done.notes and not as_json:
        err.print("; ".join(done.notes), markup=False)


def table_of(items: Sequence[dict[str, Any]]) -> Table:
    """What an annotator would see of each task, a line each."""
    table = Table("task", "prediction", "score")
    for item in items:
        said = item.get("prediction")
        text = item["failure"]["message"] if said is None else "; ".join(map(brief, said["result"])) or "(nothing)"
        data = json.dumps(item["data"], ensure_ascii=False)
        table.add_row(escape(cut(data, 60)), escape(cut(text, 120)), "-" if said is None else f"{said['score']:.3f}")
    return table


def mapping_table(spec: ModelSpec, config: LabelConfig) -> Table:
    """``mapping`` for people."""
    table = Table("control", "tag", "model", "labels")
    for row in mapping(spec, config):
        model = row["model"]
        told = [str(model[key]) for key in ("kind", "encoder", "source") if model.get(key)] if model else ["people"]
        table.add_row(row["control"], row["tag"], escape(", ".join(told)), escape(cut(", ".join(row["labels"]), 60)))
    return table


def cut(text: str, size: int) -> str:
    """A text, or its beginning."""
    return text if len(text) <= size else text[: size - 1] + "…"


def brief(entry: dict[str, Any]) -> str:
    """One entry of a result in a few words: its control, its labels, and what it says of what."""
    value = {key: one for key, one in entry["value"].items() if key not in _LONG}
    said = value.pop(entry["type"], None)
    labels = ", ".join(map(str, said)) if isinstance(said, list) else "" if said is None else str(said)
    rest = " ".join(f"{key} {_short(one)}" for key, one in value.items())
    return f"{entry['from_name']}: {' '.join(filter(None, [labels, f'({rest})' if rest else '']))}"


_LONG = ("rle", "points", "sequence", "format", "rotation", "closed", "channel")
"""Keys that a table has no room for."""


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@models_app.command("list")
def models_list(
    slug: Annotated[str | None, typer.Argument(help="Name of a project; default: what runs here.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Model versions of a project with what they were trained on, or the models that need no download."""
    if slug is None:
        list_catalogue(as_json)
        return
    runtime = runtime_of(config)
    project = project_of(runtime, slug)
    with runtime.store.read() as uow:
        rows = uow.models.list(project.id)
    table = Table(
        "version", "labels", "accuracy (cross-validated)", "confidence (expected coverage)", "items/s", "made", ""
    )
    for row in rows:
        accuracy = row.metrics.get("accuracy")
        table.add_row(
            row.ref.version,
            str(row.n_train),
            f"{accuracy:.1%}" if accuracy is not None else "-",
            certainty(row.metrics),
            f"{row.speed:,.0f}" if row.speed is not None else "-",
            stamp(row.created_at),
            "shadow" if row.ref.version == project.shadow else standing_of(row, project),
        )
    value = [
        r.ref.model_dump(mode="json")
        | {"n_train": r.n_train, "metrics": r.impersonal, "standing": standing_of(r, project)}
        | {"shadow": r.ref.version == project.shadow, "items_per_second": r.speed}
        for r in rows
    ]
    show(value, as_json, table)


def list_catalogue(as_json: bool) -> None:
    """What needs no download."""
    from models.catalogue import catalogue

    entries = catalogue()
    table = Table("name", "for", "package", "licence", "sha256", "runs on")
    for one in entries:
        package = f"{one.package} {one.version}" if one.version else f"{one.package}: not installed"
        table.add_row(
            one.name,
            one.fills,
            package if one.package else "-",
            one.licence,
            (one.sha256 or "-")[:12],
            ", ".join(one.providers),
        )
    show([one.model_dump(mode="json") for one in entries], as_json, table)
    if not as_json:
        err.print("Others by name, in a project file: docs/label-types.md", markup=False)


@models_app.command("check")
def models_check(
    file: Annotated[Path, typer.Argument(help="A project file.")], as_json: Json = False, config: Config = None
) -> None:
    """Load the models of a project file and test each: sha256, licence, provider, parity, labels without a match."""
    from serving.projects.checking import check

    with err.status("loading, testing"):
        found = check(Settings.load(config), file)
    table = Table("", "", show_header=False)
    for one in found:
        table.add_row("model", escape(one.model))
        table.add_row("fills", ", ".join(one.controls))
        table.add_row("licence", one.licence)
        table.add_row("sha256", one.sha256 or "- (learns)")
        table.add_row("runs on", f"{one.provider}; loaded and tested in {one.seconds:.1f} s")
        for compared in one.parity:
            table.add_row("parity", f"{compared.compared}: lowest cosine {compared.min_cosine:.5f}")
        for note in one.notes:
            table.add_row("[yellow]note[/yellow]", escape(note))
        table.add_section()
    show([one.model_dump(mode="json") for one in found], as_json, table)


@models_app.command("export")
def models_export(
    source: Annotated[str, typer.Argument(help="Hub id or folder of a transformers classifier, or minilm.")],
    revision: Annotated[str | None, typer.Option(help="Of the hub.")] = None,
    quantize: Annotated[bool, typer.Option("--quantize/--no-quantize", help="Of minilm: int8 weights.")] = True,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Export to onnxruntime ahead of time, and compare with the source; the service finds it in its model folder."""
    from models import catalogue

    spec: ModelSpec = (
        HeadSpec(encoder="minilm", quantize=quantize)
        if source == "minilm"
        else TransformersSpec(source=source, revision=revision, runtime="onnx")
    )
    with err.status("exporting, comparing"):
        done = catalogue.export(spec, Path(Settings.load(config).model_dir))
    assert done is not None
    path, manifest = done
    table = Table("compared", "rows", "largest difference", "lowest cosine", "allowed")
    for one in manifest.checks:
        allowed = f"{one.tolerance.max_abs:g}, {one.tolerance.min_cosine:g}"
        table.add_row(one.compared, str(one.rows), f"{one.max_abs:.2g}", f"{one.min_cosine:.5f}", allowed)
    value = manifest.model_dump(mode="json") | {"path": str(path), "licence": catalogue.licence(spec)}
    show(value, as_json, table)
    if not as_json:
        err.print(f"{path} ({manifest.sha256[:12]}), licence {value['licence']}", markup=False)


def certainty(metrics: dict[str, Any]) -> str:
    """Which confidence a head has, and what a gate was expected to certify with each kind that was tried."""
    kind, expected = metrics.get("confidence"), metrics.get("expected") or {}
    tried = ", ".join(f"{name} {share:.1%}" for name, share in expected.items())
    return "-" if kind is None else f"{kind} ({tried})" if tried else str(kind)
