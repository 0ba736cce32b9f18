"""Specification of a model to load and serve, and the loaded model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carrel.core.chat import SuggestedSampling
from carrel.settings.document_settings import BUNDLED
from carrel.settings.schema import PromptType

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from carrel.engine.adapters.adapter_set import AdapterSet

BUNDLED_MODEL = "SmolLM2-135M-Instruct"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model and how to load it; the fields have the names of the settings.

    ``served_name`` replaces the name that follows from ``base_model``.
    """

    base_model: str = BUNDLED
    lora_weights: str | None = None
    load_8bit: bool = False
    load_4bit: bool = False
    dtype: str = "auto"
    device: str = "auto"
    use_gpu_id: bool = True
    gpu_id: int = 0
    prompt_type: PromptType = PromptType.TEMPLATE
    prompt_template: Path | None = None
    trust_remote_code: bool = False
    allow_pickle: bool = False
    max_gpu_memory: float | None = None
    max_cpu_memory: float | None = None
    models_dir: Path = Path("models")
    offline: bool = False
    served_name: str | None = None

    @property
    def name(self) -> str:
        """The public name: the hub id, or the name of the folder or file."""
        if self.served_name is not None:
            return self.served_name
        base = BUNDLED_MODEL if self.base_model == BUNDLED else self.base_model
        name = own_name(base)
        return f"{name}+{own_name(self.lora_weights)}" if self.lora_weights else name


@dataclass(frozen=True, slots=True)
class ServingLimits:
    """Limits of one served model: concurrent and waiting requests, GiB for keys and values.

    ``cache_memory`` None takes a share of the free memory.
    """

    max_batch: int = 32
    max_waiting: int = 64
    cache_memory: float | None = None


def own_name(model: str) -> str:
    """Shorten an existing path to its last part; the rest is of no use to a client."""
    path = Path(model).expanduser()
    if not path.exists():
        return model
    return path.resolve().stem if path.suffix == ".gguf" else path.resolve().name


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A causal language model in evaluation mode with its tokenizer.

    ``context_length`` is in tokens. ``model`` is a transformers model, untyped upstream.
    ``adapters`` are those loaded over it; ``adapter`` is the one that answers as ``name``, None for
    the bare base. ``parameters`` counts the weights of the base; packed ones (GPTQ, AWQ) count as
    words. ``memory`` is their size in bytes. ``suggested`` is None if the model comes without
    recommended sampling.
    """

    model: Any
    tokenizer: PreTrainedTokenizerBase
    name: str
    context_length: int
    precision: str
    device: str
    adapters: AdapterSet
    adapter: str | None = None
    prompt_type: PromptType = PromptType.TEMPLATE
    parameters: int | None = None
    memory: int | None = None
    suggested: SuggestedSampling | None = None
