"""What the container image installs, for one accelerator; used by the Dockerfile.

``list cpu|cuda`` prints requirements; ``check-torch cpu|cuda`` refuses the wrong build of torch.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

EXTRAS = ("export", "minilm", "ocr", "audio", "tracing")
"""Extras that the service needs besides its dependencies: those that bring, or export, models, and traces."""


def requirements(pyproject: Path, accelerator: str) -> list[str]:
    """Dependencies of the project; on cuda with the GPU build of onnxruntime in place of the other.

    The two builds must not both be installed, and have not always the same newest release, so that the pin of
    constraints.txt does not hold for the GPU build.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in EXTRAS for one in project["optional-dependencies"][extra])]
    if accelerator == "cuda":
        wanted = [re.sub(r"^onnxruntime\b", "onnxruntime-gpu", one) for one in wanted]
    return wanted


def torch_problem(cuda_version: str | None, accelerator: str) -> str | None:
    """Why this build of torch does not fit; ``cuda_version`` as in ``torch.version.cuda``, None for a CPU build."""
    if accelerator == "cpu" and cuda_version:
        return "this is a CUDA build of torch: give --build-arg TORCH_INDEX_URL=<PyTorch's index of CPU wheels>"
    if accelerator == "cuda" and not cuda_version:
        return "this is a CPU build of torch: leave TORCH_INDEX_URL out"
    return None


def main(command: str, accelerator: str) -> int:
    if accelerator not in ("cpu", "cuda"):
        sys.exit(f"ACCELERATOR is cpu or cuda, not {accelerator!r}")
    if command == "list":
        print("\n".join(requirements(Path("pyproject.toml"), accelerator)))
        return 0
    import torch

    problem = torch_problem(torch.version.cuda, accelerator)
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
