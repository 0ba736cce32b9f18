"""Models in service: who may see them, and who may change which there are."""

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
        """Every model that is in service, loads or failed, the default one first.

        A reason may name paths of the machine: who may not load models learns only that it failed.
        """
        states = self._pool.states()
        if principal.administrator:
            return states
        return [replace(each, reason=HIDDEN_REASON if each.reason else None) for each in states]

    def state(self, name: str, principal: Principal) -> ModelState:
        """Return one of them.

        Raises:
            ModelNotFound: there is none by that name.
        """
        states = self.states(principal)
        for each in states:
            if each.name == name:
                return each
        names = ", ".join(each.name for each in states) or "none"
        raise ModelNotFound(f"Model {name} is not in service. In service: {names}.")

    async def load(
        self, request: ModelRequest, principal: Principal, *, wait: bool
    ) -> list[ModelState]:
        """Load a model, or only begin to; see ``EnginePool.load`` and ``begin_load``.

        Raises:
            AccessDenied: the account does not administer the machine.
        """
        _require_administrator(principal)
        return await self._pool.load(request) if wait else self._pool.begin_load(request)

    async def unload(self, name: str, principal: Principal) -> list[str]:
        """Take a model and the adapters over it out of service, and return their names.

        Raises:
            AccessDenied: the account does not administer the machine.
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
    """Return the name of a model that is chosen by name or by its place, counted from 0.

    A name that is a number is a place where no model is called so.

    Raises:
        ModelNotFound: fewer models are in service.
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
        f"There is no model number {place}: those in service count from 0 to {len(names) - 1}."
    )
