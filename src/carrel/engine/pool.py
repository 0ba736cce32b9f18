"""The pool of loaded models."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition

import structlog

from carrel.core.chat import ModelInfo
from carrel.core.errors import (
    AlreadyExists,
    CarrelError,
    ModelLoadFailed,
    ModelNotFound,
    ModelNotReady,
    Unavailable,
    UnsupportedParameter,
)
from carrel.core.log_reason import log_reason
from carrel.core.models import ModelRequest, ModelState, ModelStatus
from carrel.core.protocols.adapters import Engine
from carrel.engine.adapters.adapted import AdapterHost
from carrel.engine.freeing import free_memory, use_one_heap, weights_apart
from carrel.engine.loaders import Loader, NamedAdapter, NamedLoader, Planner
from carrel.engine.waiting import finished

logger = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Place:
    """State of one model of the pool: waiting, loaded or failed."""

    loader: Loader
    engine: Engine | None = None
    error: CarrelError | None = None

    @property
    def settled(self) -> bool:
        return self.engine is not None or self.error is not None

    def answers_to(self, name: str) -> bool:
        return name == self.loader.name or (
            self.engine is not None and name == self.engine.info.name
        )

    def depends_on(self, other: _Place) -> bool:
        return isinstance(self.loader, NamedAdapter) and self.loader.base is other.loader

    def state(self) -> ModelState:
        loader = self.loader
        over = loader.base.name if isinstance(loader, NamedAdapter) else None
        host = loader.base.host if isinstance(loader, NamedAdapter) else loader.host
        if self.error is not None:
            reason = str(self.error)
            return ModelState(self.loader.name, ModelStatus.FAILED, None, over, reason, host)
        if self.engine is None:
            return ModelState(self.loader.name, ModelStatus.LOADING, None, over, None, host)
        info = self.engine.info
        return ModelState(info.name, ModelStatus.READY, info, info.adapter_of, None, host)


@dataclass(slots=True)
class _State:
    """State shared by the loading thread and its readers, guarded by ``changed``."""

    places: list[_Place]
    changed: Condition = field(default_factory=Condition)
    thread: ThreadPoolExecutor | None = None
    started: bool = False
    closing: bool = False

    def settled(self, first: int | None = None) -> bool:
        """Whether there is nothing to wait for, of all models or of the first ones."""
        return self.closing or all(place.settled for place in self.places[:first])


class ModelPool:
    """Loads models one after the other in its own thread; the first is the default one.

    A model can answer as soon as it is loaded; loading or failed models do not affect the others.
    """

    def __init__(self, loaders: Sequence[Loader], plan: Planner | None = None) -> None:
        """Take the initial models, and the factory of loaders for later requests."""
        self._state = _State([_Place(loader) for loader in loaders])
        self._plan = plan
        use_one_heap()

    def start(self) -> None:
        """Start loading; returns at once. Starting twice does nothing."""
        state = self._state
        with state.changed:
            if not state.started and not state.closing:
                state.started = True
                self._thread().submit(self._load_each, list(state.places))

    def models(self) -> list[ModelInfo]:
        """The models that are ready, the default one first."""
        return [each.info for each in self.states() if each.info is not None]

    def states(self) -> list[ModelState]:
        """Every ready, loading or failed model, the default one first."""
        with self._state.changed:
            return [place.state() for place in self._state.places]

    def get(self, name: str | None) -> Engine:
        """Return the engine of a model; None means the default one.

        Raises:
            ModelNotFound: no model by that name is loaded, or its files were not found.
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
            ModelNotFound: no model by that name is loaded.
        """
        with self._state.changed:
            return self._place(name).error

    def wait_until_ready(self) -> None:
        """Block until every model is loaded; for the command line.

        Raises:
            CarrelError: the error of the first model that could not be loaded.
        """
        self.start()
        with self._state.changed:
            self._state.changed.wait_for(self._state.settled)
            for place in self._state.places:
                if place.error is not None:
                    raise place.error.with_traceback(None)

    def wait_for_default(self, seconds: float) -> None:
        """Block until the default model is loaded or failed, or the pool closes, or time is up."""
        with self._state.changed:
            self._state.changed.wait_for(lambda: self._state.settled(1), seconds)

    def begin_load(self, request: ModelRequest) -> list[ModelState]:
        """Start loading and return at once; a failure is shown in ``states``.

        Raises:
            AlreadyExists: its name is taken.
            InvalidRequest: the request contradicts itself.
        """
        places = self._reserve(request)
        self._submit(places, keeps_failures=True)
        with self._state.changed:
            return [place.state() for place in places]

    async def load(self, request: ModelRequest) -> list[ModelState]:
        """Load a model with its adapters, and return the new models.

        Cancelling only ends the waiting. A failed load leaves nothing behind.

        Raises:
            AlreadyExists: its name is taken.
            InvalidRequest: the request contradicts itself.
            ModelNotFound, ModelLoadFailed, StorageFull, OfflineRefused: it cannot be loaded.
        """
        places = self._reserve(request)
        await finished(self._submit(places, keeps_failures=False), _closing())
        with self._state.changed:
            return [place.state() for place in places]

    async def unload(self, name: str) -> list[str]:
        """Unload a model and its adapters, and return their names.

        Its running answers end with ``GenerationFailed``. If it was the default model, the next one
        becomes the default.

        Raises:
            ModelNotFound: no model by that name is loaded.
            ModelNotReady: it, or an adapter over it, is still loading.
        """
        state = self._state
        with state.changed:
            place = self._place(name)
            gone = [place, *(each for each in state.places if each.depends_on(place))]
            for each in gone:
                if not each.settled:
                    raise ModelNotReady(
                        f"Model {each.loader.name} is still loading: unload it when it is ready."
                    )
            state.places = [each for each in state.places if each not in gone]
        names = [each.state().name for each in gone]
        # Once begun it is completed: nobody can ask for these models again.
        await asyncio.shield(asyncio.create_task(_close(gone)))
        logger.info("model unloaded", models=names)
        return names

    async def close(self) -> None:
        """Stop loading after the present model and close all engines. Twice does nothing."""
        state = self._state
        with state.changed:
            state.closing = True
            thread, state.thread = state.thread, None
            state.changed.notify_all()
        if thread is not None:
            await asyncio.to_thread(thread.shutdown, cancel_futures=True)
        for place in state.places:
            engine, place.engine = place.engine, None
            if engine is not None:
                await engine.close()

    def _place(self, name: str | None) -> _Place:
        places = self._state.places
        if not places:
            raise ModelNotFound("No model is loaded.")
        if name is None:
            return places[0]
        for place in places:
            if place.answers_to(name):
                return place
        served = ", ".join(place.loader.name for place in places)
        raise ModelNotFound(f"Model {name} is not loaded. Loaded: {served}.")

    def _thread(self) -> ThreadPoolExecutor:
        state = self._state
        if state.closing:
            raise _closing()
        if state.thread is None:
            state.thread = ThreadPoolExecutor(1, thread_name_prefix="load models")
        return state.thread

    def _reserve(self, request: ModelRequest) -> list[_Place]:
        """Reserve the names of the requested models."""
        if self._plan is None:
            raise UnsupportedParameter("This server loads no models while it runs.")
        state = self._state
        with state.changed:
            bases = [
                place.loader
                for place in state.places
                if isinstance(place.loader, NamedLoader) and place.error is None
            ]
            loaders = self._plan(request, bases)
            taken = [
                place
                for place in state.places
                if any(place.answers_to(loader.name) for loader in loaders)
            ]
            for place in taken:
                if place.error is None:
                    where = "loaded" if place.engine is not None else "being loaded"
                    raise AlreadyExists(
                        f"Model {place.loader.name} is {where} already: unload it first, or give "
                        "the new one another name."
                    )
            places = [_Place(loader) for loader in loaders]
            state.places = [each for each in state.places if each not in taken] + places
            return places

    def _submit(self, places: list[_Place], *, keeps_failures: bool) -> Future[None]:
        with self._state.changed:
            return self._thread().submit(self._load_together, places, keeps_failures)

    def _load_each(self, places: Sequence[_Place]) -> None:
        for place in places:
            if self._state.closing:
                return
            self._load(place)

    def _load_together(self, places: Sequence[_Place], keeps_failures: bool) -> None:
        """Load all of the places, or none."""
        self._load_each(places)
        errors = [place.error for place in places if place.error is not None]
        if not errors:
            return
        state = self._state
        with state.changed:
            kept = [each for each in places if keeps_failures and each.error is not None]
            gone = [each for each in places if each not in kept]
            state.places = [each for each in state.places if each not in gone]
        asyncio.run(_close([*gone[::-1], *kept]))
        raise errors[0]

    def _load(self, place: _Place) -> None:
        if place.settled:
            return
        engine, error = self._outcome(place.loader)
        with self._state.changed:
            place.engine, place.error = engine, error
            self._state.changed.notify_all()

    def _outcome(self, loader: Loader) -> tuple[Engine | None, CarrelError | None]:
        try:
            return self._engine(loader), None
        except CarrelError as error:
            logger.error("model not loaded", model=loader.name, reason=log_reason(error))  # noqa: TRY400
            return None, _without_frames(error)
        # A loader with a bug must not end the thread: its model would seem to load forever. The
        # error is kept and raised to everyone who asks for the model.
        except Exception as error:
            logger.exception("model not loaded", model=loader.name)
            return None, ModelLoadFailed(f"Model {loader.name} cannot be loaded: {error!r}")

    def _engine(self, loader: Loader) -> Engine:
        if isinstance(loader, NamedLoader):
            with weights_apart():
                return loader.load()
        (base,) = [each for each in self._state.places if each.loader is loader.base]
        self._load(base)
        if base.error is not None:
            raise base.error.with_traceback(None)
        if not isinstance(base.engine, AdapterHost):
            raise ModelLoadFailed(
                f"Model {loader.base.name} takes no LoRA adapters: its engine cannot apply them."
            )
        return asyncio.run(base.engine.add_adapter(loader.name, loader.find()))


def _closing() -> Unavailable:
    return Unavailable("The server is shutting down: try again when it is back.")


def _without_frames(error: CarrelError) -> CarrelError:
    """Return the error without its traceback, which would keep half a model alive."""
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__cause__ or each.__context__
    return error


async def _close(places: Sequence[_Place]) -> None:
    """Close the engines in order, and free their memory."""
    for place in places:
        engine, place.engine = place.engine, None
        if engine is not None:
            await engine.close()
        del engine
    await asyncio.to_thread(free_memory)
