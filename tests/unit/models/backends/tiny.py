"""Tiny networks of random weights, saved as someone would bring them along: a folder each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers as hf

CLASSES = ["cat", "dog", "bird"]
_NAMES = {"id2label": dict(enumerate(CLASSES)), "label2id": {name: k for k, name in enumerate(CLASSES)}}
_SMALL = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def _save(folder: Path, *parts: Any) -> Path:
    for part in parts:
        part.save_pretrained(folder)
    return folder


def classifier(folder: Path, **more: Any) -> Path:
    torch.manual_seed(0)
    config = hf.ViTConfig(**_SMALL, image_size=32, patch_size=8, initializer_range=0.5, **_NAMES, **more)
    return _save(folder, hf.ViTForImageClassification(config), hf.ViTImageProcessor(size={"height": 32, "width": 32}))


def detector(folder: Path) -> Path:
    torch.manual_seed(1)
    config = hf.YolosConfig(**_SMALL, image_size=[64, 64], patch_size=16, num_detection_tokens=6, **_NAMES)
    processor = hf.YolosImageProcessor(size={"shortest_edge": 64, "longest_edge": 128})
    return _save(folder, hf.YolosForObjectDetection(config), processor)


def segmenter(folder: Path) -> Path:
    torch.manual_seed(2)
    config = hf.SegformerConfig(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[2, 1],
        hidden_sizes=[16, 16],
        patch_sizes=[3, 3],
        strides=[2, 2],
        num_attention_heads=[1, 2],
        mlp_ratios=[2, 2],
        decoder_hidden_size=16,
        **_NAMES,
    )
    network = hf.SegformerForSemanticSegmentation(config)
    return _save(folder, network, hf.SegformerImageProcessor(size={"height": 32, "width": 32}))


def recognizer(folder: Path, *, blank: float = 0.0) -> Path:
    """A CTC model; ``blank`` is added to its logit of silence."""
    torch.manual_seed(3)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({"<pad>": 0, "|": 1, "A": 2, "B": 3, "C": 4, "<unk>": 5}))
    tokenizer = hf.Wav2Vec2CTCTokenizer(str(vocabulary), pad_token="<pad>", bos_token=None, eos_token=None)
    config = hf.Wav2Vec2Config(
        **_SMALL,
        vocab_size=len(tokenizer),
        conv_dim=[16, 16],
        conv_kernel=[10, 8],
        conv_stride=[160, 2],
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        pad_token_id=0,
    )
    network = hf.Wav2Vec2ForCTC(config)
    with torch.no_grad():
        network.lm_head.bias[0] += blank
    return _save(folder, network, tokenizer, hf.Wav2Vec2FeatureExtractor())


def whisper(folder: Path) -> Path:
    """A sequence-to-sequence model that can write nothing but letters, and writes twenty of them."""
    torch.manual_seed(4)
    letters = {chr(code): k for k, code in enumerate(range(ord("a"), ord("z") + 1))}
    special = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|translate|>"]
    special += ["<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    end = special[0]
    tokenizer = hf.WhisperTokenizer(
        vocab=letters, merges=[], unk_token=end, bos_token=end, eos_token=end, pad_token=end
    )
    tokenizer.add_tokens(special + [f"<|{k * 0.02:.2f}|>" for k in range(1501)], special_tokens=True)
    ids = {name: int(tokenizer.convert_tokens_to_ids(name)) for name in special}
    config = hf.WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_target_positions=64,
        pad_token_id=ids[end],
        bos_token_id=ids[end],
        eos_token_id=ids[end],
        decoder_start_token_id=ids["<|startoftranscript|>"],
        init_std=0.5,
    )
    network = hf.WhisperForConditionalGeneration(config)
    network.generation_config.update(
        lang_to_id={"<|en|>": ids["<|en|>"]},
        task_to_id={"transcribe": ids["<|transcribe|>"], "translate": ids["<|translate|>"]},
        no_timestamps_token_id=ids["<|notimestamps|>"],
        is_multilingual=True,
        max_length=24,
        suppress_tokens=list(range(len(letters), len(tokenizer))),
        begin_suppress_tokens=[ids[end]],
        language="en",
        task="transcribe",
        return_timestamps=False,
    )
    return _save(folder, network, tokenizer, hf.WhisperFeatureExtractor())
