"""Prometheus metrics, in the application's own registry."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from carrel.core.chat import Usage

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The metrics of the API. Labels are route templates and outcomes, never names or questions."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "carrel_http_requests_total",
            "Replies, by route template.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "carrel_http_request_seconds",
            "From the request's head to the end of its reply.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.answering = Gauge(
            "carrel_answers_in_progress", "Answers being written.", registry=self.registry
        )
        self.answers = Counter(
            "carrel_answers_total",
            "Chat answers, by how they ended: finished, failed or stopped.",
            ["outcome"],
            registry=self.registry,
        )
        self.scored = Counter(
            "carrel_answers_scored_total",
            "Chat answers that a reward model gave a score.",
            registry=self.registry,
        )
        self.tokens = Counter(
            "carrel_tokens_total",
            "Tokens, of prompts and answers.",
            ["kind"],
            registry=self.registry,
        )
        self.first_token = Histogram(
            "carrel_time_to_first_token_seconds",
            "From the engine's acceptance of a question to its first token.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.files = Counter(
            "carrel_ingested_files_total",
            "Uploaded files, by outcome.",
            ["outcome"],
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)

    def count_usage(self, usage: Usage) -> None:
        """Add the tokens and the waiting time of one finished answer."""
        self.tokens.labels("prompt").inc(usage.prompt_tokens)
        self.tokens.labels("completion").inc(usage.completion_tokens)
        if usage.time_to_first_token is not None:
            self.first_token.observe(usage.time_to_first_token)

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
