"""The way that h2oGPT serves: one model, one lock, ``generate`` with a streamer.

    python benchmarks/parts/serving_locked.py --model=FOLDER --dtype=float32 --port=PORT

It speaks as much of OpenAI's chat completions as ``benchmarks/serving.py`` asks of it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from threading import Lock, Thread
from typing import Any

import torch
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from transformers import AutoModelForCausalLM, AutoTokenizer, TextIteratorStreamer


class LockedModel:
    """Answers one request at a time; the others wait for the lock."""

    def __init__(self, folder: str, dtype: str) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))
        self._model.eval()
        self._lock = Lock()

    def events(self, body: dict[str, Any]) -> Iterator[str]:
        """Yield the stream of one answer of exactly ``max_tokens`` tokens."""
        ids = self._tokenizer.apply_chat_template(
            body["messages"], add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        prompt_tokens = ids["input_ids"].shape[1]
        written: list[int] = []
        with self._lock:
            streamer = TextIteratorStreamer(
                self._tokenizer, skip_prompt=True, skip_special_tokens=True
            )

            def generate() -> None:
                with torch.inference_mode():
                    made = self._model.generate(
                        **ids,
                        streamer=streamer,
                        do_sample=False,
                        max_new_tokens=body["max_tokens"],
                        min_new_tokens=body["max_tokens"],
                    )
                written.append(made.shape[1] - prompt_tokens)

            thread = Thread(target=generate)
            thread.start()
            for text in streamer:
                yield event(choices=[{"index": 0, "delta": {"content": text}}])
            thread.join()
        usage = {"prompt_tokens": prompt_tokens, "completion_tokens": written[0]}
        yield event(choices=[], usage=usage)
        yield "data: [DONE]\n\n"


def event(**fields: Any) -> str:
    """Return one event of the stream."""
    return f"data: {json.dumps(fields)}\n\n"


def make_app(model: LockedModel) -> FastAPI:
    """Return the server over the model."""
    app = FastAPI()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/v1/chat/completions")
    def complete(body: dict[str, Any]) -> StreamingResponse:
        return StreamingResponse(model.events(body), media_type="text/event-stream")

    return app


def main() -> None:
    """Load the model and serve it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--dtype", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    app = make_app(LockedModel(arguments.model, arguments.dtype))
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
