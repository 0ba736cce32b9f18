"""One chat request to several models at once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from carrel.schemas.body import ReplyBody
from carrel.schemas.chat import ChatBody, ModelChoice
from carrel.schemas.completions import CompletionBody, SparseBody
from carrel.schemas.errors import ErrorDetail
from carrel.schemas.refused import unless
from carrel.schemas.sampling import SamplingBody

FEWEST_MODELS, MOST_MODELS = 2, 4


class ContenderBody(SamplingBody):
    """A model with its own sampling; omitted fields are those of the whole request."""

    model: ModelChoice


class CompareBody(ChatBody):
    """A chat request to two to four ``models``; one may occur twice, with other sampling."""

    models: list[ModelChoice | ContenderBody] = Field(
        min_length=FEWEST_MODELS, max_length=MOST_MODELS
    )

    model: Annotated[Any, unless()] = None
    n: Annotated[Any, unless(1)] = None

    def requests(self) -> list[ChatBody]:
        """Return the chat request to each model."""
        common = self.model_dump(exclude={"models", "model", "n"}, exclude_unset=True)
        return [ChatBody.model_validate(common | _own(each)) for each in self.models]


def _own(contender: str | int | ContenderBody) -> dict[str, Any]:
    if isinstance(contender, ContenderBody):
        return contender.model_dump(exclude_unset=True)
    return {"model": contender}


class ComparedBody(ReplyBody):
    """One model's result: a completion or an error."""

    index: int
    model: str
    completion: CompletionBody | None = None
    error: ErrorDetail | None = None


class ComparisonBody(ReplyBody):
    """The results of all models, in the order of the request."""

    object: Literal["comparison"] = "comparison"
    results: list[ComparedBody]


class ComparedError(SparseBody):
    """Reports in a stream that one model failed; the others continue."""

    index: int
    model: str
    error: ErrorDetail
