"""The exit status of each error; ``docs/errors.md`` lists them for scripts."""

from __future__ import annotations

from carrel.core import errors

SUCCESS = 0
SOME_FAILED = 1
INTERRUPTED = 130

EXIT_CODES: dict[type[errors.CarrelError], int] = {
    errors.CarrelError: 1,
    errors.InvalidRequest: 2,
    errors.NotFound: 3,
    errors.ModelNotFound: 4,
    errors.ModelLoadFailed: 5,
    errors.Unavailable: 6,
    errors.PortInUse: 7,
    errors.StoreInUse: 8,
    errors.StorageFull: 9,
    errors.OfflineRefused: 10,
    errors.UnreadableDocument: 11,
    errors.NotAuthenticated: 12,
    errors.AccessDenied: 13,
    errors.AlreadyExists: 14,
    errors.GenerationFailed: 15,
    errors.StoreCorrupt: 16,
    errors.CatalogIncomplete: 17,
}


def exit_code(error: errors.CarrelError) -> int:
    """Return the status of the error's class, or of the nearest class above it."""
    for ancestor in type(error).__mro__:
        if ancestor in EXIT_CODES:
            return EXIT_CODES[ancestor]
    return SOME_FAILED
