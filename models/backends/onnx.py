"""Sessions of onnxruntime that run where they were asked to, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError, ProviderError
from models.specs import Provider

Arrays = Mapping[str, NDArray[np.int64]]

_PROVIDERS: dict[Provider, list[str]] = {
    "cpu": ["CPUExecutionProvider"],
    "cuda": ["CUDAExecutionProvider", "CPUExecutionProvider"],
    "tensorrt": ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"],
}


class OnnxRunner:
    """One model file in one session; the first output is the answer."""

    def __init__(self, path: Path, provider: Provider = "cpu", *, threads: int = 1) -> None:
        """Open the session.

        Args:
            path: the ``.onnx`` file.
            provider: where it must run.
            threads: CPU threads of one call. Two sessions of one thread beat one of two.

        Raises:
            ProviderError: the provider is not there, or onnxruntime fell back to another.
            ModelError: the file cannot be loaded.
        """
        self._session = _open(path, provider, threads)
        self.inputs = tuple(str(node.name) for node in self._session.get_inputs())
        self._names = tuple(str(node.name) for node in self._session.get_outputs())

    def __call__(self, arrays: Arrays) -> NDArray[np.float32]:
        """Run once; arrays that the model does not take are left out."""
        return self.outputs(arrays)[0]

    def outputs(self, arrays: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Run once; every output, in the network's order."""
        found: list[NDArray[np.float32]] = self._session.run(None, {name: arrays[name] for name in self.inputs})
        return found

    def named(self, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
        """Run once: every output by its name, in the model's order."""
        return dict(zip(self._names, self.outputs(arrays), strict=True))


def available() -> tuple[Provider, ...]:
    """Providers that the installed onnxruntime was built with; a device may still be missing."""
    import onnxruntime

    built = set(onnxruntime.get_available_providers())
    return tuple(provider for provider, names in _PROVIDERS.items() if names[0] in built)


def require(provider: Provider) -> None:
    """Check that onnxruntime was built for the provider.

    Raises:
        ProviderError: it was not.
    """
    if provider not in available():
        raise ProviderError(
            f"This onnxruntime has no {_PROVIDERS[provider][0]}: install onnxruntime-gpu in place of onnxruntime, "
            f"or set provider to one of {', '.join(available())}."
        )


def _open(path: Path, provider: Provider, threads: int) -> Any:
    require(provider)
    import onnxruntime

    wanted = _PROVIDERS[provider]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if threads > 1:  # threads that wait by spinning take the time of a neighbour on a shared machine
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=wanted)
    except Exception as error:  # onnxruntime's own classes are not exported
        raise ModelError(f"{path.name} cannot be loaded by onnxruntime: {error}") from error
    active = session.get_providers()[0]
    if active != wanted[0]:
        raise ProviderError(f"Asked for {wanted[0]}, but onnxruntime runs on {active}: check driver and libraries.")
    return session
