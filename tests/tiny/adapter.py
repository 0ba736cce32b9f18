"""LoRA adapters for tiny models: untrained, with random weights that change every answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM


def save_adapter(base: Path, folder: Path, **options: Any) -> Path:
    """Write an adapter of a base into a folder and return it; ``options`` are LoraConfig's."""
    model = AutoModelForCausalLM.from_pretrained(base)
    given = {"target_modules": ["q_proj", "v_proj"], "r": 4, "task_type": "CAUSAL_LM", **options}
    adapted: Any = get_peft_model(model, LoraConfig(**given))
    random = torch.Generator().manual_seed(sum(map(ord, folder.name)))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_magnitude" in name:
                weight.mul_(1 + 0.2 * torch.rand(weight.shape, generator=random))
            elif "lora_" in name or "modules_to_save" in name:
                weight.normal_(std=0.5, generator=random)
    adapted.save_pretrained(folder)
    return folder
