"""LoRA adapters over one copy of a base model, selected per row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carrel.core.errors import AlreadyExists, CarrelError, GenerationFailed, ModelLoadFailed
from carrel.engine.adapters.adapter_files import read_config, refuse_other_family
from carrel.engine.adapters.saved_modules import BASE, compute_by_rows
from carrel.engine.source import first_line

if TYPE_CHECKING:
    from peft import LoraConfig


class AdapterSet:
    """The adapters of one transformers model, which remains usable by itself.

    ``add`` and ``remove`` replace modules inside the model, and ``rows`` changes what they compute.
    Not thread-safe: one thread calls all of them and runs the model, ``add`` and ``remove`` between
    forward passes only. Outside ``rows`` the model is its bare base.

    If rows of one batch have different adapters, every adapted module must get the batch as the
    first dimension of its input, alone or flattened together with the positions.
    """

    def __init__(self, model: Any, base_name: str, allow_pickle: bool = False) -> None:
        """Take a model and its name for messages."""
        self._model = model
        self._base_name = base_name
        self._allow_pickle = allow_pickle
        self._peft: Any = None
        self._keys: dict[str, str] = {}
        self._made = 0
        # All LoRA layers share this list as their active adapters: changing it switches them.
        self._active: list[str] = []
        self._wrappers: list[Any] = []
        self._hooks: list[Any] = []
        self._mixed: list[str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The adapters, in the order in which they were added."""
        return tuple(self._keys)

    def add(self, name: str, folder: Path) -> None:
        """Load an adapter from its folder. If that fails, the model is unchanged.

        Raises:
            AlreadyExists: an adapter has that name.
            ModelLoadFailed: it was made for another base, is damaged, or has an unsupported
            option; the message says which.
        """
        if name in self._keys:
            raise AlreadyExists(f"An adapter {name} is loaded already.")
        config = read_config(folder, self._allow_pickle)
        refuse_other_family(config, self._base_name, self._model.config.model_type, folder.name)
        # It names the folder or id of the base at training time.
        config.base_model_name_or_path = None
        # Not the name itself: peft forbids dots in names, and confuses common prefixes.
        key = f"adapter{self._made:06d}"
        self._made += 1
        mismatch = f"The adapter {folder.name} does not fit the model {self._base_name}"
        try:
            self._load(key, config, folder)
        except CarrelError:
            self._drop(key)
            raise
        except _Mismatch as error:
            self._drop(key)
            raise ModelLoadFailed(f"{mismatch}: {error}.") from error
        # peft and safetensors raise anything if an adapter is damaged or made for another base.
        except Exception as error:
            self._drop(key)
            raise ModelLoadFailed(f"{mismatch}: {first_line(error)}.") from error
        self._keys[name] = key

    def remove(self, name: str) -> None:
        """Remove an adapter and free its memory; an unknown one is ignored."""
        key = self._keys.pop(name, None)
        if key is not None:
            self._drop(key)

    def rows(self, names: Sequence[str | None]) -> AbstractContextManager[None]:
        """Within the block, row i of a forward pass uses adapter ``names[i]``, None the bare base.

        Free of cost if no row has an adapter. Blocks do not nest.

        Raises:
            GenerationFailed: an adapter was removed.
        """
        gone = [name for name in names if name is not None and name not in self._keys]
        if gone:
            raise GenerationFailed(f"Model {gone[0]} was unloaded.")
        keys = [BASE if name is None else self._keys[name] for name in names]
        if all(key is BASE for key in keys):
            return nullcontext()
        return self._uniform(keys[0]) if len(set(keys)) == 1 else self._rowwise(keys)

    @contextmanager
    def _uniform(self, key: str) -> Iterator[None]:
        self._active[:] = [key]
        self._activate(key)
        try:
            yield
        finally:
            self._active.clear()
            self._activate(None)

    @contextmanager
    def _rowwise(self, keys: list[str]) -> Iterator[None]:
        self._mixed = keys
        try:
            yield
        finally:
            self._mixed = None

    def _activate(self, key: str | None) -> None:
        for wrapper in self._wrappers:
            present = key is not None and key in wrapper.modules_to_save
            wrapper.set_adapter([key] if present else [], inference_mode=True)

    def _load(self, key: str, config: LoraConfig, folder: Path) -> None:
        # peft takes a second to import, and most models come without an adapter.
        from peft import get_peft_model, set_peft_model_state_dict
        from peft.utils import load_peft_weights

        weights = load_peft_weights(str(folder), device="cpu")
        self._release()
        if self._peft is None:
            self._peft = get_peft_model(self._model, config, adapter_name=key)
        else:
            self._peft.add_adapter(key, config)
        loaded: Any = set_peft_model_state_dict(
            self._peft, self._without_base(key, weights), adapter_name=key
        )
        missing = [name for name in loaded.missing_keys if f".{key}" in name]
        if missing:
            raise _Mismatch(f"it has no weights for {_module(missing[0])}")
        if loaded.unexpected_keys:
            raise _Mismatch(f"the model has no module {_module(loaded.unexpected_keys[0])}")
        self._peft.eval()
        self._allow_dora_rows(key)
        self._hold()

    def _without_base(self, key: str, weights: dict[str, Any]) -> dict[str, Any]:
        """Return the file's tensors that belong to the adapter, once they fit its modules.

        peft also saves the base's embedding beside a changed one; it must not be another one.
        """
        parameters = dict(self._peft.named_parameters())
        wanted = {
            name.replace(f".modules_to_save.{key}", "").replace(f".{key}", ""): weight
            for name, weight in parameters.items()
            if f".{key}" in name
        }
        own = {}
        for name, tensor in weights.items():
            base = parameters.get(name)
            if name in wanted and wanted[name].shape != tensor.shape:
                raise _Mismatch(
                    f"its {_module(name)} is {tuple(tensor.shape)} where the model needs "
                    f"{tuple(wanted[name].shape)}"
                )
            if name in wanted or base is None:
                own[name] = tensor
            elif base.shape != tensor.shape or not base.cpu().equal(tensor.to(base.dtype)):
                raise _Mismatch(
                    f"it brings a {_module(name)} of its own in place of the base's, which other "
                    "models here use: merge it into its base, and load the result"
                )
        return own

    def _allow_dora_rows(self, key: str) -> None:
        # peft's row-wise forward computes DoRA for linear layers, but an older check refuses that
        # by this flag, which nothing else reads any more.
        for layer in self._layers():
            if not layer.use_dora.get(key, False):
                continue
            if key in layer.lora_embedding_A:
                raise ModelLoadFailed(
                    "The adapter has DoRA on an embedding: that is not supported."
                )
            layer.use_dora[key] = False

    def _hold(self) -> None:
        """Switch off the model's LoRA layers, so that it computes its bare base."""
        from peft.utils.other import ModulesToSaveWrapper

        self._release()
        self._wrappers = [
            each for each in self._model.modules() if isinstance(each, ModulesToSaveWrapper)
        ]
        for wrapper in self._wrappers:
            # peft's own refuses norms.
            wrapper._mixed_batch_forward = partial(compute_by_rows, wrapper)
        self._activate(None)
        layers = self._layers()
        for layer in layers:
            layer.set_adapter(self._active, inference_mode=True)
        self._hooks = [
            each.register_forward_pre_hook(self._name_rows, with_kwargs=True)
            for each in (*layers, *self._wrappers)
        ]

    def _release(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def _name_rows(self, module: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Set the adapter of each row of a module's input; peft's own way, without its cost."""
        if self._mixed is None:
            return None
        positions = max(1, len(args[0]) // len(self._mixed))
        keys = [key for key in self._mixed for _ in range(positions)]
        if module in self._wrappers:
            keys = [key if key in module.modules_to_save else BASE for key in keys]
        return args, {**kwargs, "adapter_names": keys}

    def _layers(self) -> list[Any]:
        from peft.tuners.tuners_utils import BaseTunerLayer

        return [each for each in self._model.modules() if isinstance(each, BaseTunerLayer)]

    def _drop(self, key: str) -> None:
        """Remove an adapter, even if it was added only in part."""
        from peft.utils.other import ModulesToSaveWrapper

        self._release()
        if not self._keys:
            self._unwrap()
            return
        for layer in self._layers():
            layer.delete_adapter(key)
        for each in self._model.modules():
            if isinstance(each, ModulesToSaveWrapper):
                each.delete_adapter(key, None)
        self._peft.peft_config.pop(key, None)
        self._peft.base_model.active_adapter = next(iter(self._keys.values()))
        self._hold()

    def _unwrap(self) -> None:
        """Restore the model's own modules."""
        from peft.tuners.tuners_utils import BaseTunerLayer
        from peft.utils.other import ModulesToSaveWrapper

        for name, module in list(self._model.named_modules()):
            if isinstance(module, BaseTunerLayer):
                self._model.set_submodule(name, module.get_base_layer())
            elif isinstance(module, ModulesToSaveWrapper):
                self._model.set_submodule(name, module.original_module)
        self._model.__dict__.pop("peft_config", None)
        self._peft = None
        self._wrappers = []


class _Mismatch(Exception):
    """The adapter was made for another base; the message says where they differ."""


def _module(key: str) -> str:
    """Return the name of a module of the base from the name of an adapter's tensor."""
    name = key.removeprefix("base_model.model.")
    return name.partition(".lora_")[0].removesuffix(".weight")
