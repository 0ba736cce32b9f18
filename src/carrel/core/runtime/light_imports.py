"""Imports of the large libraries without the parts that a server in one process hardly uses.

Processor time of importing torch, transformers with the bundled model's class,
sentence-transformers and Gradio: 6.7 s as they are, 2.9 s like this; memory: 561 and 349 MB.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache, partial, wraps
from importlib import import_module
from types import FunctionType
from typing import Any

from carrel.core.runtime.deferred_imports import (
    Amended,
    Deferral,
    StandIn,
    Wrapper,
    WrappingFinder,
)


def use_light_imports() -> None:
    """Import the libraries of ``LIGHTER`` without what is hardly used; what is used still comes.

    For a process of Carrel's own, before it imports any of them: in one that a user shares, torch
    would deny that it can compute in several processes. Twice does nothing.
    """
    if not any(isinstance(each, WrappingFinder) for each in sys.meta_path):
        sys.meta_path.insert(0, WrappingFinder(LIGHTER, ALONE))


def _called_later(deferral: Deferral, name: str) -> Any:
    """Return a function that imports the real one when it is called."""

    def called(*args: Any, **kwargs: Any) -> Any:
        """Call the real function."""
        deferral.run()
        return getattr(import_module(deferral.name), name)(*args, **kwargs)

    called.__name__ = name
    return called


def _marked_later(deferral: Deferral, name: str) -> Any:
    """Return a decorator that marks its function for the compiler once there is one."""
    return lambda function: deferral.mark(name, function)


def _disabled_later(deferral: Deferral, name: str) -> Any:
    """Return a decorator that keeps the compiler from a function, which needs none before it."""

    def disable(function: Any = None, recursive: bool = True, **options: Any) -> Any:
        """Decorate a function, or return the decorator."""
        if function is None:
            return partial(disable, recursive=recursive, **options)
        real = cache(
            lambda: getattr(import_module(deferral.name), name)(function, recursive, **options)
        )
        if not isinstance(function, FunctionType):
            deferral.run()
            return real()

        @wraps(function)
        def disabled(*args: Any, **kwargs: Any) -> Any:
            """Call the function, through the compiler's own wrapper where there is one."""
            return (function if deferral.is_waiting else real())(*args, **kwargs)

        return disabled

    return disable


def _compiles_later(torch: Any) -> None:
    """Compile a decorated function when it is first called: bitsandbytes has four."""
    compile_now = torch.compile

    @wraps(compile_now)
    def compile_later(model: Any = None, **options: Any) -> Any:
        """Compile a plain function at its first call, and everything else at once."""
        if not isinstance(model, FunctionType):
            return compile_now(model, **options)
        compiled = cache(lambda: compile_now(model, **options))
        return wraps(model)(lambda *args, **kwargs: compiled()(*args, **kwargs))

    torch.compile = compile_later


def _is_alone(distributed: Any) -> None:
    """Say that torch was built to compute in one process."""
    distributed.is_available = lambda: False


def _reads_once(import_utils: Any) -> None:
    """Read the sources of all model classes, for their names, once instead of twice."""
    import_utils.create_import_structure_from_path = cache(
        import_utils.create_import_structure_from_path
    )


def _writes_no_stubs(component_meta: Any) -> None:
    """Make components without reading, compiling and writing their type stubs for editors."""
    component_meta.create_or_modify_pyi = lambda *_class_and_events: None


def _deferring(stand_ins: Mapping[str, StandIn]) -> Wrapper:
    return lambda loader: Deferral(loader, stand_ins)


def _amending(amend: Callable[[Any], None]) -> Wrapper:
    return lambda loader: Amended(loader, amend)


def _functions(*names: str) -> Wrapper:
    return _deferring(dict.fromkeys(names, _called_later))


LIGHTER: Mapping[str, Wrapper] = {
    # The compiler: 1,200 modules, among them sympy. transformers decorates functions for it.
    "torch": _amending(_compiles_later),
    "torch._dynamo": _deferring(
        {
            "disable": _disabled_later,
            "assume_constant_result": _marked_later,
            "allow_in_graph": _marked_later,
        }
    ),
    # Tensors in parts on several machines, as which transformers and accelerate would know them.
    "torch.distributed": _amending(_is_alone),
    "transformers.utils.import_utils": _amending(_reads_once),
    # For the loss of object detection in transformers.
    "scipy.optimize": _functions("linear_sum_assignment"),
    # For one distance, and for evaluations, in sentence-transformers.
    "sklearn": _deferring({}),
    "sklearn.metrics": _functions(
        "average_precision_score",
        "f1_score",
        "matthews_corrcoef",
        "ndcg_score",
        "pairwise_distances",
    ),
    # For tables on Gradio's page and in its cache.
    "pandas": _deferring({}),
    # At every start, into its own folder: three fifths of its import.
    "gradio.component_meta": _amending(_writes_no_stubs),
}
"""How a library is imported instead."""

ALONE = frozenset(("torch._dynamo._trace_wrapped_higher_order_op",))
"""For attention masks in transformers; it needs no compiler."""
