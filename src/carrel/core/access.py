"""Accounts and their rights on collections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carrel.core.documents import Collection

LOCAL_ACCOUNT = "local"


@dataclass(frozen=True, slots=True)
class Principal:
    """The account that makes a request.

    Without accounts every request is made by the one ``local`` account, an administrator.
    """

    account: str = LOCAL_ACCOUNT
    administrator: bool = True


def may_read(principal: Principal, collection: Collection) -> bool:
    """Whether the principal may search and list the collection."""
    return collection.shared or collection.owner == principal.account


def may_write(principal: Principal, collection: Collection) -> bool:
    """Whether the principal may add and remove documents."""
    return may_read(principal, collection)


def may_administer(principal: Principal, collection: Collection) -> bool:
    """Whether the principal may delete the collection itself."""
    return collection.owner == principal.account or (collection.shared and principal.administrator)
