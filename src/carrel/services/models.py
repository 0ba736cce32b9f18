"""Access-checked operations on models."""

from __future__ import annotations

from dataclasses import replace

from carrel.core.access import Principal
from carrel.core.errors import AccessDenied, ModelNotFound
from carrel.core.models import EnginePool, ModelRequest, ModelState

HIDDEN_REASON = "It could not be loaded: an administrator can see why."


class ModelService:
    """Lists, loads and unloads models."""

    def __init__(self, pool: EnginePool) -> None:
        self._pool = pool

    def states(self, principal: Principal) -> list[ModelState]:
        """Every ready, loading or failed model, the default one first.

        A reason may contain paths: accounts that may not load models only see that it failed.
        """
        states = self._pool.states()
        if principal.administrator:
            return states
        return [replace(each, reason=HIDDEN_REASON if each.reason else None) for each in states]

    def state(self, name: str, principal: Principal) -> ModelState:
        """Return one model.

        Raises:
            ModelNotFound: there is none by that name.
        """
        states = self.states(principal)
        for each in states:
            if each.name == name:
                return each
        names = ", ".join(each.name for each in states) or "none"
        raise ModelNotFound(f"Model {name} is not loaded. Loaded: {names}.")

    async def load(
        self, request: ModelRequest, principal: Principal, *, wait: bool
    ) -> list[ModelState]:
        """Load a model, or only start to; see ``EnginePool.load`` and ``begin_load``.

        Raises:
            AccessDenied: the account is not an administrator.
        """
        _require_administrator(principal)
        return await self._pool.load(request) if wait else self._pool.begin_load(request)

    async def unload(self, name: str, principal: Principal) -> list[str]:
        """Unload a model and its adapters, and return their names.

        Raises:
            AccessDenied: the account is not an administrator.
            ModelNotFound, ModelNotReady: see ``EnginePool.unload``.
        """
        _require_administrator(principal)
        return await self._pool.unload(name)


def _require_administrator(principal: Principal) -> None:
    if not principal.administrator:
        raise AccessDenied(
            f"Account {principal.account} may not load or unload models: ask an administrator."
        )


def chosen_model(models: EnginePool, choice: str | int | None) -> str | None:
    """Return the name of a model that is chosen by name or by index, from 0.

    A number is an index unless a model has that name.

    Raises:
        ModelNotFound: the index is out of range.
    """
    if choice is None:
        return None
    names = [each.name for each in models.models()]
    if isinstance(choice, str) and (choice in names or not choice.isdecimal()):
        return choice
    place = int(choice)
    if place < len(names):
        return names[place]
    raise ModelNotFound(
        f"There is no model number {place}: the loaded ones are 0 to {len(names) - 1}."
    )
