"""A tiny BERT over tokens, made and trained here, as a stand-in for any token classifier that someone brings along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
PLAIN = ["the", "old", "saw", "met", "in", "left", "见", "了"]
PIECES = ["an", "##na", "##ton", "smith", "os", "##lo", "rome", "北", "京", "acme"]
NAMES = {"anna": "PER", "anton": "PER", "anna smith": "PER", "oslo": "LOC", "rome": "LOC", "北京": "LOC", "acme": "ORG"}
CLASSES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
LONGEST = 40


def sentences(n: int, seed: int = 0) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Texts with the code points of the names in them."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        text, spans = "😀", []
        for _ in range(int(rng.integers(1, 5))):
            text += " " + " ".join(rng.choice(PLAIN, int(rng.integers(1, 3)))) + " "
            name = str(rng.choice(list(NAMES)))
            spans.append((len(text), len(text) + len(name), NAMES[name]))
            text += name.title()
        found.append((text, spans))
    return found


def save_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    vocabulary = {word: i for i, word in enumerate([*SPECIAL, *PLAIN, *PIECES])}
    raw = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    raw.normalizer = normalizers.BertNormalizer()
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=LONGEST,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


def make(folder: Path, steps: int = 60) -> Path:
    """Train on sentences and save; the model is right on nearly all others."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small a network is slower with more
    tokenizer = save_tokenizer(folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=LONGEST,
        id2label=dict(enumerate(CLASSES)),
        label2id={name: k for k, name in enumerate(CLASSES)},
    )
    model = BertForTokenClassification(config)
    rows = sentences(256)
    batch = tokenizer([text for text, _ in rows], padding=True, return_tensors="pt", return_offsets_mapping=True)
    wanted = torch.tensor(
        [
            [_class(spans, int(start), int(end)) for start, end in offsets]
            for (_, spans), offsets in zip(rows, batch.pop("offset_mapping"), strict=True)
        ]
    )
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        model(**batch, labels=wanted).loss.backward()
        optimizer.step()
    model.eval().save_pretrained(folder)
    return folder


def _class(spans: list[tuple[int, int, str]], start: int, end: int) -> int:
    for first, last, name in spans:
        if first <= start < end <= last:
            return CLASSES.index(("B-" if start == first else "I-") + name)
    return 0 if start < end else -100
