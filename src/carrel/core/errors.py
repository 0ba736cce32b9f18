"""All errors that Carrel raises.

    CarrelError
    ├── InvalidRequest              the request is invalid
    │   ├── UnknownSetting          a flag, variable or YAML key that does not exist
    │   ├── InvalidSetting          a value out of bounds, or two that contradict each other
    │   ├── PromptTooLong           the question alone does not fit the context
    │   ├── QueryTooLong            the query exceeds the maximum length
    │   ├── TooManyMessages         the request has too many messages
    │   ├── UnsupportedParameter    an option that the engine does not support
    │   ├── NothingToSearch         a question over a collection without documents
    │   └── AddressRefused          a web address that is not fetched
    ├── NotFound
    │   ├── ModelNotFound
    │   ├── CollectionNotFound
    │   ├── DocumentNotFound
    │   ├── PlaceNotFound           a page or passage that the document does not have
    │   ├── ConversationNotFound
    │   ├── JobNotFound
    │   └── PathNotFound
    ├── AlreadyExists
    ├── AccessDenied
    ├── NotAuthenticated
    ├── UnreadableDocument          a file that cannot be converted to text
    │   ├── UnsupportedFormat
    │   ├── EmptyDocument
    │   ├── EncryptedDocument
    │   ├── DocumentTooLarge
    │   └── DocumentTooSlow
    ├── Unavailable                 temporary; may work later
    │   ├── ModelNotReady
    │   ├── QueueFull               too many requests wait for the model
    │   ├── StoreInUse
    │   ├── PortInUse
    │   ├── StorageFull
    │   ├── RemoteUnavailable
    │   └── FetchFailed             a web page that cannot be fetched
    ├── OfflineRefused              needs a connection while offline is set
    ├── ModelLoadFailed
    ├── GenerationFailed
    ├── StoreCorrupt
    └── CatalogIncomplete           the data folder holds documents missing from the catalog

``code`` is stable: clients compare it. The message is one line: what is wrong, where,
and what to do about it.
"""

from __future__ import annotations


class CarrelError(Exception):
    """Base class of all errors below; never raised itself."""

    code = "error"


class InvalidRequest(CarrelError):
    """The request is invalid."""

    code = "invalid_request"


class UnknownSetting(InvalidRequest):
    """A setting, flag or configuration key that does not exist."""

    code = "unknown_setting"


class InvalidSetting(InvalidRequest):
    """A setting's value is out of bounds or contradicts another setting."""

    code = "invalid_setting"


class PromptTooLong(InvalidRequest):
    """The last message does not fit the model's context."""

    code = "context_length_exceeded"


class QueryTooLong(InvalidRequest):
    """The query is longer than 8,000 characters."""

    code = "query_too_long"


class TooManyMessages(InvalidRequest):
    """A request has more than 1,000 messages, or a chat file more than 10,000."""

    code = "too_many_messages"


class UnsupportedParameter(InvalidRequest):
    """An option that the engine does not support."""

    code = "unsupported_parameter"


class NothingToSearch(InvalidRequest):
    """The question's scope contains no ready document."""

    code = "nothing_to_search"


class AddressRefused(InvalidRequest):
    """A web address that is not fetched: malformed, not public, or disallowed by its site."""

    code = "address_refused"


class NotFound(CarrelError):
    """Something named does not exist, or is not visible to the caller."""

    code = "not_found"


class ModelNotFound(NotFound):
    """No model by this name; the message lists the places that were tried."""

    code = "model_not_found"


class CollectionNotFound(NotFound):
    """No collection by this name for this account."""

    code = "collection_not_found"


class DocumentNotFound(NotFound):
    """No such document in the collection."""

    code = "document_not_found"


class PlaceNotFound(NotFound):
    """The document has no such page or passage."""

    code = "place_not_found"


class ConversationNotFound(NotFound):
    """No such chat for this account."""

    code = "conversation_not_found"


class JobNotFound(NotFound):
    """No such ingestion job for this account."""

    code = "job_not_found"


class PathNotFound(NotFound):
    """A file or folder does not exist."""

    code = "path_not_found"


class AlreadyExists(CarrelError):
    """The name is taken."""

    code = "already_exists"


class AccessDenied(CarrelError):
    """The account may not do this."""

    code = "access_denied"


class NotAuthenticated(CarrelError):
    """The API key is missing or wrong."""

    code = "invalid_api_key"


class UnreadableDocument(CarrelError):
    """The file cannot be converted to text."""

    code = "unreadable_document"


class UnsupportedFormat(UnreadableDocument):
    """No reader for this kind of file, or its content does not match its name."""

    code = "unsupported_format"


class EmptyDocument(UnreadableDocument):
    """The file contains no text."""

    code = "empty_document"


class EncryptedDocument(UnreadableDocument):
    """The file is password-protected."""

    code = "encrypted_document"


class DocumentTooLarge(UnreadableDocument):
    """The file, or its text, exceeds the size limit of the settings."""

    code = "document_too_large"


class DocumentTooSlow(UnreadableDocument):
    """Reading and indexing the file exceeds the time limit of the settings."""

    code = "document_too_slow"


class Unavailable(CarrelError):
    """Temporarily not possible."""

    code = "unavailable"


class ModelNotReady(Unavailable):
    """The model is still loading."""

    code = "model_not_ready"


class QueueFull(Unavailable):
    """Too many requests wait for the model; ``retry_after`` is in seconds."""

    code = "queue_full"

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreInUse(Unavailable):
    """Another Carrel process uses the data folder."""

    code = "store_in_use"


class PortInUse(Unavailable):
    """Another program listens on the port."""

    code = "port_in_use"


class StorageFull(Unavailable):
    """The disk is full."""

    code = "storage_full"


class RemoteUnavailable(Unavailable):
    """A configured server does not answer."""

    code = "remote_unavailable"


class FetchFailed(Unavailable):
    """A web server does not deliver the document, or not in time."""

    code = "fetch_failed"


class OfflineRefused(CarrelError):
    """Refused because it needs a connection and ``--offline`` is set."""

    code = "offline"


class ModelLoadFailed(CarrelError):
    """The model was found but could not be loaded."""

    code = "model_load_failed"


class GenerationFailed(CarrelError):
    """The engine failed during an answer."""

    code = "generation_failed"


class StoreCorrupt(CarrelError):
    """Stored data cannot be read by this version."""

    code = "store_corrupt"


class CatalogIncomplete(CarrelError):
    """The catalog is missing or older than the documents: nothing was changed."""

    code = "catalog_incomplete"
