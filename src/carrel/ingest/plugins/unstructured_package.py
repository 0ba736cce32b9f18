"""The package unstructured: whether it is installed, and how it is loaded."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from carrel.core.errors import InvalidSetting
from carrel.ingest.plugins.no_network import forbid_network
from carrel.settings.process_environment import prepare_environment

PACKAGE = "unstructured"
HOW_TO_INSTALL = "pip install 'carrel[unstructured]'"

SUFFIXES = frozenset(
    (
        *(".adoc", ".asciidoc", ".textile", ".mediawiki", ".bib", ".nfo", ".tab"),
        *(".xhtml", ".rss", ".atom", ".kml", ".gpx", ".dita"),
    )
)
"""What it reads and Carrel does not, of the endings that are found in folders and archives.

A file of any other ending has to be named. Not here: ``.p7s``, mostly bare signatures, and sound,
whose models it would download.
"""

# Its model of English, and the parts of it that are not used.
_MODEL, _UNUSED = "en_core_web_sm", ("ner", "lemmatizer", "attribute_ruler")


def is_installed() -> bool:
    """Whether the package is installed; it may still be broken."""
    return find_spec(PACKAGE) is not None


def require_installed() -> None:
    """Check that the package is there.

    Raises:
        InvalidSetting: it is not; the message says how to install it.
    """
    if not is_installed():
        raise InvalidSetting(
            f"reader is {PACKAGE}, but the package is not installed: {HOW_TO_INSTALL}"
        )


def installed_version() -> str:
    """Return its version; empty if it is not installed."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return ""


@cache  # settings of the process
def partition_function() -> Any:
    """Return ``unstructured.partition.auto.partition``, in a process that then has no network.

    Importing the package sends a request to its makers, and so does each call; the first call
    prints an advertisement, and downloads a model of English into the Python environment. Variables
    turn off the first three. The model, which only tells titles from sentences, is replaced by
    rules unless it is installed. Connections are refused besides, whatever else a version does.
    """
    prepare_environment(offline=True)
    forbid_network()
    tokenize: Any = import_module(f"{PACKAGE}.nlp.tokenize")
    tokenize._load_spacy_model = _language
    return import_module(f"{PACKAGE}.partition.auto").partition


def _language() -> Any:
    """Return the installed model of English, or else one that divides text into sentences."""
    spacy: Any = import_module("spacy")
    try:
        return spacy.load(_MODEL, exclude=list(_UNUSED))
    except OSError:
        language = spacy.blank("en")
        language.add_pipe("sentencizer")
        return language
