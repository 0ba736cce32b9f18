"""Refuse an environment in which CUDA packages lie beside a CPU build of torch.

The Makefile runs this once after an installation: such packages take gigabytes and serve nothing,
and that they are there means that something replaced the build of torch that was chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.metadata import distributions


def needless_packages(cuda: str | None, names: Iterable[str]) -> list[str]:
    """Return the CUDA packages among ``names`` when torch was built without CUDA."""
    if cuda is not None:
        return []
    return sorted(name for name in names if name.lower().startswith(("nvidia-", "cuda-")))


def main() -> int:
    """Return 1, with one line on standard error, when there are needless CUDA packages."""
    import torch.version

    # The type stub of torch says str; a CPU build says None.
    cuda: str | None = torch.version.cuda
    names = [each.metadata["Name"] for each in distributions()]
    needless = needless_packages(cuda, names)
    if not needless:
        return 0
    print(
        f"torch is a CPU build, and CUDA packages were installed beside it "
        f"({', '.join(needless)}): run 'make clean', check TORCH_INDEX_URL, and run make again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
