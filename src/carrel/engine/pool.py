"""The models in service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition, Thread

import structlog

from carrel.core.chat import ModelInfo
from carrel.core.errors import CarrelError, ModelLoadFailed, ModelNotFound, ModelNotReady
from carrel.core.protocols import Engine

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class NamedLoader:
    """A model that is to be in service. ``load`` blocks, and raises core errors."""

    name: str
    load: Callable[[], Engine]


@dataclass(slots=True)
class _Place:
    """Where one model of the pool stands: waiting, loaded, or failed."""

    loader: NamedLoader
    engine: Engine | None = None
    error: CarrelError | None = None

    @property
    def settled(self) -> bool:
        return self.engine is not None or self.error is not None

    def answers_to(self, name: str) -> bool:
        return name == self.loader.name or (
            self.engine is not None and name == self.engine.info.name
        )


@dataclass(slots=True)
class _State:
    """What the loading thread and its readers share, guarded by ``changed``."""

    places: list[_Place]
    changed: Condition = field(default_factory=Condition)
    thread: Thread | None = None
    closing: bool = False


class ModelPool:
    """Loads models one after the other in a thread; the first is the default one.

    A model can answer as soon as it is loaded itself. One that fails does not keep the others from
    service.
    """

    def __init__(self, loaders: Sequence[NamedLoader]) -> None:
        self._state = _State([_Place(loader) for loader in loaders])

    def start(self) -> None:
        """Begin to load; returns at once. Starting twice does nothing."""
        state = self._state
        with state.changed:
            if state.thread is None and not state.closing:
                state.thread = Thread(target=self._load_all, name="load models")
                state.thread.start()

    def models(self) -> list[ModelInfo]:
        """The models that can answer now, the default one first."""
        with self._state.changed:
            return [place.engine.info for place in self._state.places if place.engine is not None]

    def get(self, name: str | None) -> Engine:
        """Return the engine of a model, of the default one for None.

        Raises:
            ModelNotFound: no model by that name is in service, or its files were not found.
            ModelNotReady: it is still loading.
            ModelLoadFailed: it could not be loaded.
        """
        with self._state.changed:
            place = self._place(name)
            if place.error is not None:
                raise place.error.with_traceback(None)
            if place.engine is None:
                raise ModelNotReady(f"Model {place.loader.name} is still loading: try again soon.")
            return place.engine

    def failure(self, name: str | None = None) -> CarrelError | None:
        """Return why a model, the default one for None, could not be loaded; None if it could.

        Raises:
            ModelNotFound: no model by that name is in service.
        """
        with self._state.changed:
            return self._place(name).error

    def wait_until_ready(self) -> None:
        """Block until every model is loaded; for the command line.

        Raises:
            CarrelError: the error of the first model that could not be loaded.
        """
        self.start()
        state = self._state
        with state.changed:
            state.changed.wait_for(
                lambda: state.closing or all(place.settled for place in state.places)
            )
            for place in state.places:
                if place.error is not None:
                    raise place.error.with_traceback(None)

    async def close(self) -> None:
        """Stop loading after the present model and close all engines. Twice does nothing."""
        state = self._state
        with state.changed:
            state.closing = True
            thread, state.thread = state.thread, None
            state.changed.notify_all()
        if thread is not None:
            await asyncio.to_thread(thread.join)
        for place in state.places:
            engine, place.engine = place.engine, None
            if engine is not None:
                await engine.close()

    def _place(self, name: str | None) -> _Place:
        places = self._state.places
        if not places:
            raise ModelNotFound("No model is in service.")
        if name is None:
            return places[0]
        for place in places:
            if place.answers_to(name):
                return place
        served = ", ".join(place.loader.name for place in places)
        raise ModelNotFound(f"Model {name} is not in service. In service: {served}.")

    def _load_all(self) -> None:
        for place in self._state.places:
            if self._state.closing:
                return
            engine, error = _outcome(place.loader)
            with self._state.changed:
                place.engine, place.error = engine, error
                self._state.changed.notify_all()


def _outcome(loader: NamedLoader) -> tuple[Engine | None, CarrelError | None]:
    try:
        return loader.load(), None
    except CarrelError as error:
        logger.error("model not loaded", model=loader.name, reason=str(error))  # noqa: TRY400
        return None, error
    # A loader that breaks its promise must not end the thread: its model would seem to load
    # for ever. The error is kept and raised to everyone who asks for the model.
    except Exception as error:
        logger.exception("model not loaded", model=loader.name)
        return None, ModelLoadFailed(f"Model {loader.name} cannot be loaded: {error!r}")
