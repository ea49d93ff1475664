"""A torch module as a runner of named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ProviderError
from models.specs import Provider


class TorchRunner:
    """One module in evaluation mode on one device; its first output, or ``logits``, is the answer."""

    def __init__(self, module: Any, provider: Provider = "cpu", *, threads: int = 1) -> None:
        """Move the module to its device.

        Args:
            module: a ``torch.nn.Module`` that takes keyword tensors.
            provider: ``cpu`` or ``cuda``.
            threads: CPU threads; torch has one such setting a process.

        Raises:
            ProviderError: there is no such device.
        """
        self._device = device(provider)
        self._module = module.eval().to(self._device)
        if provider == "cpu":
            import torch

            torch.set_num_threads(threads)

    def __call__(self, arrays: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        """Run once, without gradients."""
        import torch

        with torch.inference_mode():
            tensors = {name: torch.from_numpy(array).to(self._device) for name, array in arrays.items()}
            output = self._module(**tensors)
        logits = output.logits if hasattr(output, "logits") else output
        result: NDArray[np.float32] = logits.float().cpu().numpy()
        return result


def device(provider: Provider) -> Any:
    """The torch device of a provider.

    Raises:
        ProviderError: torch cannot run there.
    """
    import torch

    if provider == "tensorrt":
        raise ProviderError("torch does not run on TensorRT: set runtime to onnx, or provider to cuda.")
    if provider == "cuda" and not torch.cuda.is_available():
        raise ProviderError("torch sees no CUDA device: install a CUDA build and a driver, or set provider to cpu.")
    return torch.device(provider)
