"""The settings: one section per subject, each setting with type, bounds, default, description.

A setting's name is unique over all sections: it is the command line flag, and with the prefix
``CARREL_`` the environment variable. A YAML file nests the names under their sections.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from carrel.settings.document_settings import (
    BUNDLED,
    DocumentSettings,
    SummarizationSettings,
    WebSettings,
)
from carrel.settings.section import Section
from carrel.settings.written_lists import parse_literal, split_commas

DtypeName = Literal["auto", "float32", "bfloat16", "float16"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]

LLM_MODE = "LLM"


class EngineKind(StrEnum):
    """The values of ``--engine``."""

    AUTO = "auto"
    CONTINUOUS = "continuous"
    SEQUENTIAL = "sequential"
    LLAMACPP = "llamacpp"
    REMOTE = "remote"
    SCRIPTED = "scripted"


class PromptType(StrEnum):
    """Prompt formats."""

    TEMPLATE = "template"
    PLAIN = "plain"
    HUMAN_BOT = "human_bot"
    INSTRUCT = "instruct"
    DANUBE = "danube"


def refuse_two_prompt_forms(prompt_type: PromptType | None, template: Path | None) -> None:
    """Raise ValueError where a template in a file and another prompt form are both set."""
    if template is not None and prompt_type not in (None, PromptType.TEMPLATE):
        raise ValueError("prompt_type and prompt_template exclude each other: set one of them")


class ModelLockEntry(Section):
    """One model of ``model_lock``; missing fields fall back to the other model settings.

    ``name`` is the model's name on this server; by default it follows from ``base_model``.
    """

    base_model: str = Field(min_length=1)
    name: str | None = Field(None, min_length=1)
    lora_weights: Annotated[tuple[str, ...] | None, BeforeValidator(split_commas)] = None
    load_8bit: bool | None = None
    load_4bit: bool | None = None
    dtype: DtypeName | None = None
    prompt_type: PromptType | None = None
    prompt_template: Path | None = None
    inference_server: str | None = None

    @model_validator(mode="after")
    def _one_prompt_form(self) -> ModelLockEntry:
        refuse_two_prompt_forms(self.prompt_type, self.prompt_template)
        return self


class ModelSettings(Section):
    """The model, and how it is loaded."""

    base_model: str = Field(
        BUNDLED,
        min_length=1,
        description="Hugging Face model id, local folder or .gguf file; 'bundled' is "
        "SmolLM2-135M-Instruct, which comes with Carrel.",
    )
    lora_weights: Annotated[tuple[str, ...], BeforeValidator(split_commas)] = Field(
        (),
        description="LoRA adapters, comma-separated: local folders or hub ids, as NAME=PATH to set "
        "a name. Each is served as a model; all share one copy of the base, and "
        "the first is the default model.",
    )
    load_8bit: bool = Field(False, description="Load the weights in 8 bits (bitsandbytes).")
    load_4bit: bool = Field(
        False,
        description="Load the weights in 4 bits (bitsandbytes, nf4 with double quantization).",
    )
    dtype: DtypeName = Field(
        "auto",
        description="Number format of the weights; 'auto' is bfloat16 if the hardware computes "
        "in it (GPUs, CPUs with AVX512-BF16 or AMX), float32 on other CPUs. With "
        "AVX512-BF16, small batches use 8-bit copies of the weights.",
    )
    device: DeviceName = Field(
        "auto",
        description="Where models compute: 'auto' is an NVIDIA GPU where there is one and the "
        "processor elsewhere, 'mps' the GPU of a Mac with Apple silicon.",
    )
    use_gpu_id: bool = Field(
        True, description="Load the model on GPU 'gpu_id'; False shards it over all GPUs."
    )
    gpu_id: int = Field(0, ge=0, description="The GPU of 'use_gpu_id', from 0.")
    prompt_type: PromptType = Field(
        PromptType.TEMPLATE,
        description="Prompt form: 'template' is the model's own chat template (human_bot when it "
        "has none), 'human_bot' h2oGPT's, 'instruct' Alpaca's, 'danube' H2O-Danube's, 'plain' "
        "the messages alone.",
    )
    prompt_template: Path | None = Field(
        None,
        description="File with a Jinja chat template that replaces the model's own.",
    )
    engine: EngineKind = Field(
        EngineKind.AUTO,
        description="What runs the model: 'auto' picks, 'continuous' answers many requests at "
        "once, 'sequential' one after the other, 'llamacpp' is llama.cpp (for .gguf files, which "
        "'auto' gives to it where llama-cpp-python is installed), 'remote' is an "
        "OpenAI-compatible server, 'scripted' plays canned answers without any model.",
    )
    max_batch: int = Field(
        32, ge=1, le=1024, description="Concurrent requests per model; others wait."
    )
    max_waiting: int = Field(
        64, ge=0, le=100000, description="Maximum waiting requests per model; more are refused."
    )
    cache_memory: float | None = Field(
        None,
        gt=0,
        le=100000,
        description="Maximum GiB for the KV cache of a model's running requests and cached "
        "prefixes; by default half of the memory that is free after loading the weights.",
    )
    model_lock: Annotated[tuple[ModelLockEntry, ...], BeforeValidator(parse_literal)] = Field(
        (), description="List of models to serve, each a mapping with 'base_model'."
    )
    inference_server: str | None = Field(
        None,
        description="OpenAI-compatible server that runs the model: vllm:HOST:PORT (or ollama:, "
        "tgi:, llamacpp:, carrel:) or a URL.",
    )
    inference_server_api_key: SecretStr | None = Field(
        None, description="API key for 'inference_server'."
    )
    trust_remote_code: bool = Field(
        False, description="Run Python code shipped with a model. Only for models you trust."
    )
    allow_pickle: bool = Field(
        False,
        description="Load weights that exist only as pickle files (.bin); safetensors are "
        "preferred.",
    )
    max_gpu_memory: float | None = Field(
        None,
        gt=0,
        le=100000,
        description="Maximum GiB of weights on each GPU; the rest is loaded into the CPU's "
        "memory. Needs 'use_gpu_id' False.",
    )
    max_cpu_memory: float | None = Field(
        None,
        ge=0,
        le=100000,
        description="Maximum GiB of weights in the CPU's memory, if 'use_gpu_id' is False "
        "and the GPUs are full.",
    )
    score_model: str | None = Field(
        None,
        min_length=1,
        description="Reward model that scores answers: hub id or local folder of a sequence "
        "classification model with one output, such as "
        "OpenAssistant/reward-model-deberta-v3-large-v2.",
    )
    score_seconds: float = Field(
        30,
        gt=0,
        le=3600,
        description="Maximum wait for the score of an answer; after it, the answer has none.",
    )

    @model_validator(mode="after")
    def _one_precision(self) -> ModelSettings:
        if self.load_8bit and self.load_4bit:
            raise ValueError("load_8bit and load_4bit exclude each other: set one of them")
        return self

    @model_validator(mode="after")
    def _limits_have_a_use(self) -> ModelSettings:
        limited = self.max_gpu_memory is not None or self.max_cpu_memory is not None
        if limited and self.use_gpu_id:
            raise ValueError("max_gpu_memory and max_cpu_memory need use_gpu_id=False")
        return self

    @model_validator(mode="after")
    def _one_prompt_form(self) -> ModelSettings:
        refuse_two_prompt_forms(self.prompt_type, self.prompt_template)
        return self


class GenerationSettings(Section):
    """Defaults for answers; a request may override each."""

    max_new_tokens: int = Field(
        512, ge=1, le=131072, description="Maximum answer length, in tokens of the model."
    )
    temperature: float = Field(
        0.0, ge=0, le=2, description="Sampling temperature; 0 always takes the most likely token."
    )
    top_p: float = Field(1.0, gt=0, le=1, description="Sample from this much probability mass.")
    repetition_penalty: float = Field(
        1.0, ge=0.5, le=2, description="Values above 1 make repeated tokens less likely."
    )
    system_prompt: str = Field(
        "", max_length=20000, description="System message of chats without one."
    )


class ServerSettings(Section):
    """The server's address, access control and network policy."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(7860, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    api_key: SecretStr | None = Field(
        None, description="Key that API clients send as 'Authorization: Bearer KEY'."
    )
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(split_commas)] = Field(
        (),
        description="Additional host names of the server, comma-separated.",
    )
    offline: bool = Field(False, description="Refuse all connections to other machines.")
    cli: bool = Field(False, description="Chat in the terminal instead of serving a page.")


class StorageSettings(Section):
    """Where data is stored."""

    db_dir: Path = Field(Path("db_dirs"), description="Folder of the documents and chats.")
    models_dir: Path = Field(Path("models"), description="Folder of weights and adapters.")

    @property
    def uploads_dir(self) -> Path:
        """The folder of the page's uploads until they are ingested; absolute, without links."""
        return (self.db_dir / "uploads").resolve()


class LoggingSettings(Section):
    """Logging to standard error."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Minimum level that is logged."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="'json' writes one object per line."
    )


class Settings(BaseSettings):
    """All sections; immutable once loaded."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    model: ModelSettings = Field(default_factory=lambda: ModelSettings())
    generation: GenerationSettings = Field(default_factory=lambda: GenerationSettings())
    documents: DocumentSettings = Field(default_factory=lambda: DocumentSettings())
    summaries: SummarizationSettings = Field(default_factory=lambda: SummarizationSettings())
    web: WebSettings = Field(default_factory=lambda: WebSettings())
    server: ServerSettings = Field(default_factory=lambda: ServerSettings())
    storage: StorageSettings = Field(default_factory=lambda: StorageSettings())
    logging: LoggingSettings = Field(default_factory=lambda: LoggingSettings())


def setting_sections() -> dict[str, str]:
    """Return the section of every setting, by the setting's name, in order of declaration."""
    sections: dict[str, str] = {}
    for section, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type) and issubclass(field.annotation, Section)
        for name in field.annotation.model_fields:
            if name in sections:
                raise AssertionError(f"two settings are called {name}")
            sections[name] = section
    return sections
