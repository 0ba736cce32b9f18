"""What the large libraries no longer import, and that all of it still works when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from running.real_processes import ROOT, clean_environment, modules_after

LIGHT = "from carrel.core.runtime.light_imports import use_light_imports; use_light_imports()"
LEFT_OUT = {
    "torch._dynamo.convert_frame": "torch's compiler",
    "torch._inductor.compile_fx": "torch's compiler",
    "torch.distributed.tensor": "tensors on several machines",
    "scipy.optimize._optimize": "a loss of object detection",
    "sklearn.base": "a distance",
    "pandas.core.api": "tables",
}
START = "\n".join(
    (
        LIGHT,
        "import carrel.engine.choose, carrel.engine.loading.loader",
        "import transformers.models.llama.modeling_llama",
        "import sentence_transformers, carrel.ui.page",
        # It would write type stubs into the folder of the library.
        "import gradio.component_meta as meta",
        "assert meta.create_or_modify_pyi(object, '', []) is None",
    )
)


def test_model_embedder_and_page_are_imported_without_what_they_hardly_use() -> None:
    loaded = modules_after(START)
    assert {"torch", "transformers.modeling_utils", "gradio", "sentence_transformers"} <= loaded
    assert not {name: why for name, why in LEFT_OUT.items() if name in loaded}


USES = {
    "the compiler": """
import torch, transformers.modeling_utils
from transformers.integrations import deepgemm
ran = []
@torch.compiler.disable
def apart(value):
    ran.append(torch.compiler.is_compiling())
    return value * 2
assert apart(torch.ones(1)).item() == 2
@torch.compile(backend="eager")
def twice(value):
    return apart(value + 1)
assert "torch._dynamo.convert_frame" not in sys.modules
assert twice(torch.ones(1)).item() == 4
assert ran == [False, False]
import torch._dynamo
assert sys.modules["torch._dynamo"] is torch._dynamo
assert torch.compile(torch.nn.Linear(2, 1), backend="eager")(torch.ones(1, 2)).shape == (1, 1)
""",
    "a distance and a loss": """
from sklearn.metrics import pairwise_distances
from scipy.optimize import linear_sum_assignment
assert "sklearn.base" not in sys.modules and "scipy.optimize._optimize" not in sys.modules
assert linear_sum_assignment([[4, 1], [2, 8]])[1].tolist() == [1, 0]
assert pairwise_distances([[0.0, 0.0]], [[3.0, 4.0]]).tolist() == [[5.0]]
from sklearn.linear_model import LinearRegression
import scipy.optimize
assert scipy.optimize.minimize_scalar(lambda x: (x - 2) ** 2).success
""",
    "tables": """
import pandas as pd
assert "pandas.core.api" not in sys.modules
import gradio
assert gradio.Dataframe(pd.DataFrame({"year": [2022]})).value["data"] == [[2022]]
""",
}


@pytest.mark.parametrize("what", USES)
def test_what_was_left_out_is_there_when_it_is_used(what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{LIGHT}\n{USES[what]}"],
        capture_output=True,
        text=True,
        cwd=ROOT / "src",
        env=clean_environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_process_that_a_user_shares_imports_the_libraries_as_they_are() -> None:
    loaded = modules_after("import carrel; carrel.load; import carrel.notebook.load")
    assert "carrel.core.runtime.light_imports" not in loaded
