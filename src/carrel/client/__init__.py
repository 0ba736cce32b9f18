"""The Python client of a Carrel server.

    from carrel.client import Client

    with Client() as client:
        client.upload("report.pdf", "UserData")
        answer = client.ask("What was the revenue?")
        print(answer.text, answer.sources)

Requires only httpx and pydantic.
"""

from carrel.client.async_client import AsyncClient
from carrel.client.calls import ChatOptions, Documents, LoadOptions, SummarizationOptions
from carrel.client.client import Client
from carrel.client.failures import ApiError
from carrel.client.folders import FolderProgress
from carrel.client.replies import Answer, Health, Uploaded
from carrel.client.streams import AnswerStream, AsyncAnswerStream

__all__ = [
    "Answer",
    "AnswerStream",
    "ApiError",
    "AsyncAnswerStream",
    "AsyncClient",
    "ChatOptions",
    "Client",
    "Documents",
    "FolderProgress",
    "Health",
    "LoadOptions",
    "SummarizationOptions",
    "Uploaded",
]
