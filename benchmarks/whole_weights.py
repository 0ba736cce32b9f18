"""Whether complete models are taken and incomplete ones refused, over all causal architectures.

    python benchmarks/whole_weights.py > RESULT.md

For each model type for which transformers has a causal language model, a small random model is made
of the type's own configuration, with its sizes made small, and saved as ``save_pretrained`` does.
It is loaded as Carrel loads it: as it is, which has to be taken; without one of its matrices, with
that matrix under another name, and with that matrix in another shape, which have to be refused.
Each type is tried in a process of its own, because a configuration can ask for any memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import queue
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from carrel.core.errors import ModelLoadFailed
from carrel.engine.loading.whole_weights import refuse_incomplete, refused_unmergeable
from parts.environment import describe_environment

SECONDS = 90
BYTES = 5 << 30
MOST_PARAMETERS = 400_000_000

SMALL: dict[str, int] = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "dim", "embed_dim", "model_dim"), 64),
    **dict.fromkeys(("embedding_size", "word_embed_proj_dim", "hidden_size_per_layer_input"), 64),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "n_inner", "d_ff", "ffn_hidden_size"), 64),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 64),
    **dict.fromkeys(("shared_intermediate_size", "encoder_ffn_dim", "decoder_ffn_dim"), 64),
    **dict.fromkeys(("expert_ffn_hidden_size", "intermediate_size_mlp", "block_ff_dim"), 64),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "num_layers", "n_layers"), 2),
    **dict.fromkeys(("encoder_layers", "decoder_layers", "num_encoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "num_heads", "n_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_kv_heads", "swa_num_key_value_heads"), 2),
    **dict.fromkeys(("head_dim", "attention_head_dim", "v_head_dim", "kv_channels"), 16),
    **dict.fromkeys(("qk_nope_head_dim", "qk_rope_head_dim", "qk_head_dim"), 16),
    **dict.fromkeys(("kv_lora_rank", "q_lora_rank"), 16),
    **dict.fromkeys(("vocab_size", "vocab_size_per_layer_input"), 320),
    **dict.fromkeys(("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"), 4),
    **dict.fromkeys(("num_experts_per_tok", "moe_top_k", "moe_topk", "top_k"), 2),
    **dict.fromkeys(("n_group", "topk_group", "n_shared_experts", "moe_num_shared_experts"), 1),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "max_sequence_length"), 128),
    **dict.fromkeys(("image_size", "patch_size"), 16),
}
"""Sizes of a configuration by name, whichever part of it they are in."""

FEW = {name: SMALL[name] for name in ("num_hidden_layers", "n_layer", "num_layers", "vocab_size")}

OWN: dict[str, dict[str, Any]] = {
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "gemma3n_text": {"num_kv_shared_layers": 0, "layer_types": ["full_attention"] * 2},
    "mamba2": {"num_heads": 8, "head_dim": 16, "expand": 2},
    "nemotron": {"num_key_value_heads": 2, "head_dim": 16},
    "lfm2_moe": {"layer_types": ["full_attention", "conv"]},
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2},
}
"""What single types need beside it."""

PER_LAYER = ("layer_types", "mlp_layer_types", "layers_block_type", "attention_types")


def shrink(config: PreTrainedConfig) -> None:
    """Make the sizes of a configuration and of its parts small, and cut its lists to two layers."""
    for name, value in list(vars(config).items()):
        if isinstance(value, PreTrainedConfig):
            shrink(value)
        elif isinstance(value, int) and not isinstance(value, bool) and name in SMALL:
            setattr(config, name, min(value, SMALL[name]))
        elif isinstance(value, list) and name in PER_LAYER:
            setattr(config, name, value[:2])
        elif name.endswith("token_id") and isinstance(value, int):
            setattr(config, name, min(value, SMALL["vocab_size"] - 1))


def configurations(kind: str) -> Iterator[Callable[[], PreTrainedConfig]]:
    """Yield ways to make a small configuration, the plainest first."""

    def afterwards() -> PreTrainedConfig:
        config = AutoConfig.for_model(kind)
        shrink(config)
        return config

    def again() -> PreTrainedConfig:
        """Made of the small values, so that whatever is derived from them fits."""
        small = afterwards().to_dict()
        for derived in PER_LAYER:
            small.pop(derived, None)
        return AutoConfig.for_model(small.pop("model_type"), **small)

    def by_arguments() -> PreTrainedConfig:
        known = AutoConfig.for_model(kind).to_dict()
        given = {name: value for name, value in SMALL.items() if isinstance(known.get(name), int)}
        return AutoConfig.for_model(kind, **given | OWN.get(kind, {}))

    def few_layers() -> PreTrainedConfig:
        """Of full width, for types whose sizes depend on each other."""
        known = AutoConfig.for_model(kind).to_dict()
        given = {name: value for name, value in FEW.items() if isinstance(known.get(name), int)}
        return AutoConfig.for_model(kind, rope_theta=10000.0, **given)

    yield from (by_arguments, again, afterwards, few_layers)


def small_model(kind: str) -> Any:
    """Return a small random model of a type.

    Raises:
        Exception: what its configuration or its class raises, where none of the ways fits.
    """
    problem: Exception | None = None
    for make in configurations(kind):
        try:
            config = make()
            with torch.device("meta"):
                size = AutoModelForCausalLM.from_config(config).num_parameters()
            if size > MOST_PARAMETERS:
                raise ValueError(f"it stays large: {size:,} parameters")
            return AutoModelForCausalLM.from_config(config)
        except Exception as error:  # noqa: BLE001  each class has its own way to refuse
            problem = error
    assert problem is not None
    raise problem


def refusal(folder: Path) -> str | None:
    """Load a folder as Carrel does; return why it is refused, None where it is taken."""
    try:
        with refused_unmergeable("It", folder):
            model, found = AutoModelForCausalLM.from_pretrained(
                folder, output_loading_info=True, ignore_mismatched_sizes=True
            )
        refuse_incomplete("It", folder, model, found)
    except ModelLoadFailed as error:
        return str(error)
    return None


def a_matrix(weights: dict[str, torch.Tensor]) -> str:
    """Return the name of a matrix of a layer; where there is none by such a name, any matrix."""
    names = [name for name, value in weights.items() if value.ndim == 2 and min(value.shape) > 1]
    inside = [name for name in names if any(part.isdigit() for part in name.split("."))]
    return sorted(inside or names)[0]


def tried(kind: str, folder: Path) -> dict[str, str | None]:
    """Return what came out for one type, by what was tried; None means taken."""
    small_model(kind).save_pretrained(folder)
    found = {"complete": refusal(folder)}
    file = folder / "model.safetensors"
    weights = load_file(file)
    name = a_matrix(weights)
    others = {each: value for each, value in weights.items() if each != name}
    changes = {
        "missing": others,
        "misnamed": others | {f"other.{name}": weights[name]},
        "misshapen": others | {name: weights[name][:-1].contiguous()},
    }
    for what, changed in changes.items():
        save_file(changed, file, metadata={"format": "pt"})
        found[what] = refusal(folder)
    return found


def child(kind: str, results: Any) -> None:
    """Try one type, and send what came out."""
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.manual_seed(7)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        try:
            results.put(tried(kind, Path(folder)))
        except Exception as error:  # noqa: BLE001  the type counts as not made
            results.put(" ".join(f"{type(error).__name__}: {error}".split())[:90])


def outcome(kind: str) -> dict[str, str | None] | str:
    """Return what came out for one type, or why it could not be made."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    process = context.Process(target=child, args=(kind, results))
    process.start()
    found: dict[str, str | None] | str = "ended, or took too long"
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        alive = process.is_alive()
        try:
            found = results.get(timeout=1)
            break
        except queue.Empty:
            if not alive:
                break
    process.kill()
    process.join()
    return found


def report(found: dict[str, dict[str, str | None] | str]) -> None:
    """Print the page of the result."""
    made = {kind: each for kind, each in found.items() if isinstance(each, dict)}
    counts = Counter(what for each in made.values() for what, why in each.items() if why)
    print("# Complete and incomplete models of all causal architectures\n")
    print(f"Of {len(found)} model types {len(made)} were made as small random models.\n")
    print("| files | refused | right is |\n|---|---|---|")
    for what in ("complete", "missing", "misnamed", "misshapen"):
        right = 0 if what == "complete" else len(made)
        print(f"| {what} | {counts[what]} of {len(made)} | {right} |")
    wrong = [
        f"- {kind}, {what}: {why or 'taken'}"
        for kind, each in sorted(made.items())
        for what, why in each.items()
        if (why is None) is not (what == "complete")
    ]
    print("\n## Wrong\n\n" + ("\n".join(wrong) or "None."))
    print("\n## Not made\n")
    print("Their small configuration does not fit together; nothing is known of them.\n")
    for kind, each in sorted(found.items()):
        if isinstance(each, str):
            print(f"- {kind}: {each}")
    print(f"\nMeasured on {date.today()}:\n")
    for name, value in describe_environment().items():
        print(f"- {name}: {value}")


def main() -> None:
    """Try every type, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", help="model types; all where none is named")
    kinds = parser.parse_args().kinds or sorted(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    found = {}
    for kind in kinds:
        found[kind] = outcome(kind)
        print(kind, json.dumps(found[kind])[:200], file=sys.stderr, flush=True)
    report(found)


if __name__ == "__main__":
    main()
