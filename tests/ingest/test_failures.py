from __future__ import annotations

import errno
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import docx.exceptions
import docx.opc.exceptions
import docx.oxml.exceptions
import openpyxl.utils.exceptions
import oxmsg.domain.model
import pptx.exc
import pypdfium2
import pytest
import xlrd.biffh
import xlrd.compdoc

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, EncryptedDocument, UnreadableDocument
from carrel.ingest.failures import DAMAGE, as_core_error, checked_sections

VENDOR_MODULES = (
    docx.exceptions,
    docx.opc.exceptions,
    docx.oxml.exceptions,
    openpyxl.utils.exceptions,
    oxmsg.domain.model,
    pptx.exc,
    xlrd.biffh,
    xlrd.compdoc,
)


class ListReader:
    """Yields sections, then raises."""

    def __init__(self, texts: list[str], error: Exception | None = None) -> None:
        self.texts = texts
        self.error = error

    @checked_sections
    def read(self, path: Path) -> Generator[Section]:
        for text in self.texts:
            yield Section(text)
        if self.error is not None:
            raise self.error


def class_of(kind: type[Exception] | str) -> type[Exception]:
    """The class of an entry of the table, which may be named by its module and name."""
    if not isinstance(kind, str):
        return kind
    module, _, name = kind.rpartition(".")
    found = getattr(import_module(module), name)
    assert issubclass(found, Exception)
    return found


NAMED = [kind for kinds, _ in DAMAGE for kind in kinds if isinstance(kind, str)]


@pytest.mark.parametrize("name", NAMED)
def test_an_exception_that_is_named_and_one_derived_from_it_are_known(name: str) -> None:
    kind = class_of(name)
    derived = type("Derived", (kind,), {})
    reasons = {reason for kinds, reason in DAMAGE if name in kinds}
    for each in (kind, derived):
        assert {str(as_core_error(each.__new__(each)))} == reasons


@pytest.mark.parametrize("module", VENDOR_MODULES, ids=lambda module: module.__name__)
def test_the_table_holds_every_exception_that_a_library_declares(module: ModuleType) -> None:
    declared = [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, Exception)
        and each.__module__ == module.__name__
    ]
    listed = tuple(class_of(kind) for kinds, _ in DAMAGE[:-1] for kind in kinds)
    assert declared
    for each in declared:
        assert issubclass(each, listed), each


def test_every_line_of_the_table_can_be_reached() -> None:
    for index, (kinds, _) in enumerate(DAMAGE):
        earlier = tuple(class_of(kind) for line, _ in DAMAGE[:index] for kind in line)
        for kind in kinds:
            assert not issubclass(class_of(kind), earlier), kind


def test_reasons_are_single_lines_without_a_full_stop() -> None:
    for _, reason in DAMAGE:
        assert "\n" not in reason
        assert not reason.endswith(".")


def test_core_errors_stay_what_they_are() -> None:
    error = EncryptedDocument("it is password protected")
    assert as_core_error(error) is error
    with pytest.raises(EncryptedDocument):
        list(ListReader(["a"], error).read(Path()))


def test_errors_of_the_system_say_what_the_system_says() -> None:
    error = as_core_error(PermissionError(errno.EACCES, "Permission denied", "/secret/place"))
    assert str(error) == "it cannot be opened: Permission denied"
    assert str(as_core_error(FileNotFoundError("/secret/place"))) == "it cannot be opened"
    damage = as_core_error(OSError("could not create decoder object"))
    assert str(damage) == "it is damaged: its contents are not what the format asks"


def test_an_exception_that_nobody_foresaw_names_its_kind() -> None:
    class Unforeseen(Exception):
        pass

    assert str(as_core_error(Unforeseen("secret text"))) == "it is damaged (Unforeseen)"


def test_a_failure_in_the_middle_comes_after_the_sections_before_it() -> None:
    cause = pypdfium2.PdfiumError("page 2")
    sections = ListReader(["a"], cause).read(Path())
    assert next(sections) == Section("a")
    with pytest.raises(UnreadableDocument, match="damaged") as caught:
        next(sections)
    assert caught.value.__cause__ is cause


def test_sections_without_text_are_left_out_and_none_at_all_is_an_empty_document() -> None:
    assert list(ListReader(["", " \n", "a"]).read(Path())) == [Section("a")]
    with pytest.raises(EmptyDocument, match="no text"):
        list(ListReader(["", " \n"]).read(Path()))
