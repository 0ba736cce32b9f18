"""llama.cpp through its Python package, with its log captured."""

from __future__ import annotations

from collections import deque
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from carrel.core.errors import ModelLoadFailed

PACKAGE = "llama_cpp"
TESTED = "0.3.36"
HOW_TO_INSTALL = (
    f"CMAKE_ARGS=-DGGML_NATIVE=OFF pip install llama-cpp-python=={TESTED} (see docs/engines.md)"
)
FIRST_SEVERE = 3
"""ggml's levels: 1 information, 2 warning, 3 error, 4 debugging, 5 the rest of a line."""

REST_OF_LINE = 5


def is_installed() -> bool:
    """Whether the package is installed; it may still be broken."""
    return find_spec(PACKAGE) is not None


class LlamaLibrary:
    """The functions of llama.cpp's C interface (``functions``)."""

    def __init__(self, functions: ModuleType) -> None:
        self.functions: Any = functions
        self._complaints: deque[str] = deque(maxlen=20)
        # llama.cpp keeps the callback, so that it must live as long as the process.
        self._callback = functions.llama_log_callback(self._note)
        functions.llama_log_set(self._callback, None)

    def complaint(self) -> str:
        """Return the last error message of llama.cpp, in one line, and clear it."""
        said = [" ".join(line.split()) for line in self._complaints]
        self._complaints.clear()
        # The cause comes first; the rest lists the steps that failed because of it.
        return said[0].rstrip(".") if said else "llama.cpp gives no reason"

    def _note(self, level: int, text: bytes, _: Any) -> None:
        if level >= FIRST_SEVERE and level < REST_OF_LINE:
            self._complaints.append(text.decode("utf-8", "replace"))


@cache  # the log callback is the process's, and the library is initialized once
def llama_library() -> LlamaLibrary:
    """Return the library.

    Raises:
        ModelLoadFailed: it is not installed or does not work; the message says what to do.
    """
    if not is_installed():
        raise ModelLoadFailed(f"The llamacpp engine needs llama-cpp-python: {HOW_TO_INSTALL}.")
    try:
        import llama_cpp
    # A library built for another machine fails in the dynamic loader, with any of these.
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ModelLoadFailed(
            f"llama-cpp-python {version('llama-cpp-python')} does not run here "
            f"({' '.join(str(error).split())}): {HOW_TO_INSTALL}."
        ) from error
    return LlamaLibrary(llama_cpp)
