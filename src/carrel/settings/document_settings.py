"""Settings of documents: reading, embedding, retrieval, summaries, and fetching from the web."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from carrel.settings.section import Section

BUNDLED = "bundled"


class FollowUpWay(StrEnum):
    """How a follow-up question becomes a standalone query."""

    AUTO = "auto"
    MODEL = "model"
    RULE = "rule"
    NEVER = "never"


class DocumentSettings(Section):
    """How documents are read, embedded and retrieved."""

    embedder: str = Field(
        BUNDLED,
        min_length=1,
        description="Sentence-transformers model id or local folder; 'bundled' is "
        "all-MiniLM-L6-v2, which comes with Carrel, and beside it a multilingual one for other "
        "languages than English; MODEL@http://HOST:PORT/v1 is a model on an "
        "OpenAI-compatible server.",
    )
    embedder_api_key: SecretStr | None = Field(
        None, description="API key for the server of 'embedder'."
    )
    embedder_window: int = Field(
        512,
        ge=256,
        le=1000000,
        description="Input limit, in tokens, of the model on the server of 'embedder'; longer "
        "chunks are split further. Other embedders report their own limit.",
    )
    db_type: Literal["chroma", "faiss", "chroma_server"] = Field(
        "chroma",
        description="Vector store: 'chroma' and 'faiss' are files in 'db_dir', 'chroma_server' is "
        "the Chroma server 'db_url', which several Carrel processes may use.",
    )
    db_url: str | None = Field(
        None, min_length=1, description="http://HOST:PORT of the Chroma server of 'db_type'."
    )
    db_token: SecretStr | None = Field(
        None, description="Token for 'db_url', if the server or a proxy requires one."
    )
    langchain_mode: str = Field(
        "UserData",
        min_length=1,
        max_length=200,
        description="Default collection of the page; 'LLM' uses no documents.",
    )
    user_path: Path | None = Field(
        None,
        description="Folder to synchronise with 'langchain_mode' at the start: new and "
        "changed files are ingested, documents of deleted files are removed.",
    )
    keep_missing: bool = Field(
        False, description="Keep documents whose files were deleted from 'user_path'."
    )
    watch: bool = Field(False, description="Keep synchronising 'user_path' while the program runs.")
    chunk_size: int = Field(
        1000, ge=100, le=20000, description="Maximum chunk length, in characters."
    )
    chunk_overlap: int = Field(
        100, ge=0, le=5000, description="Characters shared by neighbouring chunks."
    )
    top_k: int = Field(
        8,
        ge=-1,
        le=100,
        description="Passages given to the model; -1 for as many as fit 'source_tokens'.",
    )
    retrieval_candidates: int = Field(
        100, ge=1, le=1000, description="Candidates of each of the two searches."
    )
    reranker: str = Field(
        "none",
        min_length=1,
        description="Sentence-transformers CrossEncoder, by model id or local folder, that reranks "
        "the best passages; 'none' keeps the order of the search.",
    )
    source_tokens: int = Field(
        1800, ge=64, le=1000000, description="Maximum tokens of sources in one prompt."
    )
    whole_documents: Literal["auto", "never", "always"] = Field(
        "auto",
        description="If all documents in scope fit 'source_tokens', give them whole, "
        "in order, instead of the best chunks: 'always', 'never', or 'auto': to a model that is "
        "known to have a billion weights, or runs on another server.",
    )
    follow_up: FollowUpWay = Field(
        FollowUpWay.AUTO,
        description="How a follow-up question ('and in 2021?') becomes a standalone query: "
        "'model' lets the model rewrite it, 'rule' adds words of the previous question, "
        "'never' searches for it unchanged; 'auto' is 'model' for one "
        "that is known to have a billion weights, or runs on another server, else 'rule'.",
    )
    min_relevance: float | None = Field(
        None,
        ge=0,
        le=1,
        description="If no passage covers this much of a question, from 0 to 1, the answer says "
        "that the documents do not contain it. Empty: the measured value of the bundled embedder, "
        "which looks at sentences, too; with other embedders, whose scales differ, answers are "
        "never withheld.",
    )
    evidence: Literal["auto", "passages", "sentences"] = Field(
        "auto",
        description="How questions are answered from documents: the model writes from 'passages', "
        "or the best of the 'sentences' and table rows is quoted verbatim, without the model. "
        "'auto' quotes for a small model.",
    )
    answer_style: Literal["full", "short"] = Field(
        "full",
        description="Answers from documents: 'full', or 'short' for a few words; a request may "
        "override it.",
    )
    max_file_megabytes: float = Field(
        200, gt=0, le=100000, description="Maximum file size in MB; larger files are refused."
    )
    max_file_characters: int = Field(
        300_000_000,
        ge=1000,
        le=10_000_000_000,
        description="Maximum characters of text in one file; larger files fail. The largest file "
        "that is accepted by default has fewer as plain text.",
    )
    max_file_chunks: int = Field(
        400_000,
        ge=1,
        le=100_000_000,
        description="Maximum chunks of one file; larger files fail. 200 MB of plain text are "
        "about 310,000, a PDF of 2,000 pages about 10,000.",
    )
    max_file_seconds: float = Field(
        21_600,
        ge=1,
        le=1_000_000,
        description="Time limit in seconds for reading and indexing one file, without waiting "
        "for others. 400,000 chunks take two and a half hours on two cores, and "
        "files of other jobs are ingested meanwhile.",
    )
    max_reading_seconds: float = Field(
        300, ge=1, le=86400, description="Time limit in seconds for reading one file."
    )
    max_reading_memory: float = Field(
        2, ge=0.5, le=1024, description="Memory limit in GiB for reading one file."
    )
    reader: Literal["carrel", "unstructured"] = Field(
        "carrel",
        description="What reads documents first: Carrel's own readers, or the package "
        "'unstructured', if installed; its failures are read by Carrel's. Endings that Carrel "
        "cannot read are read by the package with either.",
    )
    ocr: Literal["auto", "rapidocr", "tesseract", "never"] = Field(
        "auto",
        description="Text in images and scanned pages: 'rapidocr', which comes with Carrel, reads "
        "Latin letters, Chinese and Japanese; 'tesseract', if installed, reads its languages; "
        "'auto' is 'rapidocr' if it reads all of 'ocr_languages', otherwise 'tesseract'; 'never' "
        "ignores it.",
    )
    ocr_languages: str = Field(
        "eng",
        pattern=r"^\w+(/\w+)?(\+\w+(/\w+)?)*$",
        max_length=100,
        description="Languages of images and scans, as tesseract names them: 'eng', 'eng+rus'.",
    )
    ocr_picture_seconds: float = Field(
        30,
        ge=0,
        le=86400,
        description="Processor time in seconds for text in the pictures inside one document (PDF, "
        "Word, PowerPoint); 0 leaves it out. Scanned pages and image files are not counted.",
    )

    @model_validator(mode="after")
    def _server_has_an_address(self) -> DocumentSettings:
        if self.db_type == "chroma_server" and self.db_url is None:
            raise ValueError("db_type=chroma_server needs db_url: give http://HOST:PORT")
        if self.db_type != "chroma_server" and self.db_url is not None:
            raise ValueError(f"db_url needs db_type=chroma_server, and db_type is {self.db_type}")
        return self

    @field_validator("top_k")
    @classmethod
    def _some_passages(cls, top_k: int) -> int:
        if top_k == 0:
            raise ValueError("0 asks for no passage: give 1 to 100, or -1 for all that fit")
        return top_k

    @model_validator(mode="after")
    def _overlap_fits(self) -> DocumentSettings:
        if self.chunk_overlap * 2 > self.chunk_size:
            raise ValueError(
                f"chunk_overlap {self.chunk_overlap} is more than half of "
                f"chunk_size {self.chunk_size}"
            )
        return self


class SummarizationSettings(Section):
    """How documents are summarised and facts extracted."""

    summary_style: Literal["auto", "written", "excerpts"] = Field(
        "auto",
        description="Summaries and extractions are 'written' by the model, or 'excerpts': the "
        "documents' own sentences, chosen without it. 'auto' takes excerpts where the model is "
        "small (below a billion weights).",
    )
    summary_part_tokens: int | None = Field(
        None,
        ge=128,
        le=10000000,
        description="Maximum tokens of a document that are summarised in one prompt; by default as "
        "many as the model's context allows.",
    )
    summary_parallel_parts: int = Field(
        8, ge=1, le=1024, description="Concurrent prompts of one summary."
    )


class WebSettings(Section):
    """Limits of fetching from the web; with 'offline' nothing is fetched."""

    max_fetch_seconds: float = Field(
        60, ge=1, le=3600, description="Time limit in seconds for one document."
    )
    max_crawl_pages: int = Field(
        100, ge=1, le=100000, description="Maximum addresses of one request."
    )
    max_crawl_megabytes: float = Field(
        500, gt=0, le=1000000, description="Maximum megabytes of one request in total."
    )
    max_crawl_seconds: float = Field(
        900, ge=1, le=86400, description="Time limit in seconds of one request in total."
    )
