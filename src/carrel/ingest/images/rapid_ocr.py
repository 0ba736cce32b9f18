"""OCR with the models of PP-OCR in the package rapidocr, on ONNX Runtime."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import rapidocr
from PIL import Image
from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError
from rapidocr.utils.process_img import get_rotate_crop_image

from carrel.core.processes.processor_time import add_time
from carrel.ingest.images.inked_parts import inked_parts
from carrel.ingest.images.line_order import Line, text_of_lines
from carrel.ingest.images.recognition_limits import LONGEST_SECONDS, too_slow

# Lines are searched for in the image at this size, and read at its own. More takes more memory:
# 900 MB with 2,000 pixels.
_DETECTION_SIDE = 1280
_LEAST_SCORE = 0.5
_TALL = 1.5
_SAMPLE, _TRIED = 12, 3
_UPSIDE_DOWN, _SURE = "180", 0.9
_MODELS = Path(rapidocr.__file__).parent / "models"
_SETTINGS = {
    "Global.log_level": "critical",
    # Images of lines are not resized twice.
    "Global.use_preprocess_img": False,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Det.limit_type": "max",
    "Det.limit_side_len": _DETECTION_SIDE,
    # With their paths, nothing is ever downloaded.
    "Det.model_path": str(_MODELS / "PP-OCRv6_det_small.onnx"),
    "Cls.model_path": str(_MODELS / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
    "Rec.model_path": str(_MODELS / "PP-OCRv6_rec_small.onnx"),
}

Pixels = np.ndarray[Any, np.dtype[Any]]


class RapidOcr:
    """Recognises printed text in one thread, without another program.

    The models are loaded for the first image. An image whose lines take longer than ``seconds``
    is refused; of the processor time that a process may take, recognition is not a part, so that
    a scan may have any number of pages.
    """

    def __init__(self, seconds: float = LONGEST_SECONDS) -> None:
        self._seconds = seconds
        self._models: Any = None

    def text_of(self, picture: Image.Image) -> str:
        """Return the text of a grey image in reading order; empty if it has none.

        Raises:
            UnreadableDocument: it took too long.
            MemoryError: the process may not take enough memory.
        """
        start = time.process_time()
        try:
            text = text_of_lines(self._lines(picture, start + self._seconds))
        finally:
            add_time(time.process_time() - start)
        # Shapes are taken for bullets and dashes.
        return text if any(map(str.isalnum, text)) else ""

    def _lines(self, picture: Image.Image, deadline: float) -> list[Line]:
        boxes = self._boxes(picture)
        if _mostly_tall(boxes):
            picture = picture.transpose(Image.Transpose.ROTATE_90)
            boxes = self._boxes(picture)
        pixels = np.asarray(picture)
        images = [get_rotate_crop_image(pixels, each) for each in boxes]
        if self._are_upside_down(images):
            height, width = pixels.shape
            boxes = [np.roll(np.array((width, height), "f") - each, 2, axis=0) for each in boxes]
            images = [np.rot90(each, 2) for each in images]
        angle = _angle(boxes)
        lines = []
        for box, image in zip(boxes, images, strict=True):
            if time.process_time() > deadline:
                raise too_slow(self._seconds)
            if _is_tall(box) and self._are_upside_down([image]):
                image = np.rot90(image, 2)
            if text := self._text(image):
                lines.append(_line(text, box, angle))
        return lines

    def _boxes(self, picture: Image.Image) -> list[Pixels]:
        """Return the corners of the lines, each from its upper left one, clockwise."""
        boxes: list[Pixels] = []
        for part in inked_parts(picture):
            found = self._run(np.asarray(picture.crop(part)), "use_det").boxes
            if found is not None:
                boxes += list(found.astype("f") + np.array(part[:2], "f"))
        return boxes

    def _are_upside_down(self, lines: list[Pixels]) -> bool:
        """Whether lines are read better when they are turned.

        The model that decides it errs with single lines, so that its answer is tried.
        """
        longest = sorted(lines, key=lambda each: -each.shape[1])[:_SAMPLE]
        turned = sum(self._seems_upside_down(each) for each in longest)
        if 2 * turned <= len(longest):
            return False
        tried = longest[:_TRIED]
        scores = (self._run(each, "use_rec").scores[0] for each in tried)
        others = (self._run(np.rot90(each, 2), "use_rec").scores[0] for each in tried)
        return bool(sum(others) > sum(scores))

    def _seems_upside_down(self, line: Pixels) -> bool:
        ((side, score),) = self._run(line, "use_cls").cls_res
        return bool(side == _UPSIDE_DOWN and score > _SURE)

    def _text(self, line: Pixels) -> str:
        read = self._run(line, "use_rec")
        return str(read.txts[0]).strip() if read.scores[0] >= _LEAST_SCORE else ""

    def _run(self, pixels: Pixels, step: str) -> Any:
        if self._models is None:
            onnxruntime.disable_telemetry_events()
            cv2.setNumThreads(1)
            self._models = rapidocr.RapidOCR(params=_SETTINGS)
        steps = dict.fromkeys(("use_det", "use_cls", "use_rec"), False)
        try:
            return self._models(np.ascontiguousarray(pixels), **{**steps, step: True})
        except ONNXRuntimeError as error:
            raise MemoryError(str(error)) from error


def _sides(box: Pixels) -> tuple[float, float]:
    return math.dist(box[0], box[1]), math.dist(box[0], box[3])


def _is_tall(box: Pixels) -> bool:
    width, height = _sides(box)
    return height >= _TALL * width


def _mostly_tall(boxes: list[Pixels]) -> bool:
    """Whether most of the text is on its side."""
    lengths = [(max(_sides(each)), _is_tall(each)) for each in boxes]
    return 2 * sum(length for length, tall in lengths if tall) > sum(each for each, _ in lengths)


def _angle(boxes: list[Pixels]) -> float:
    """Return by how much the lines are skewed: that of the line in the middle, by length."""
    found = []
    for box in boxes:
        if not _is_tall(box):
            across, down = box[1] - box[0]
            found.append((math.atan2(down, across), _sides(box)[0]))
    half, total = sum(length for _, length in found) / 2, 0.0
    for angle, length in sorted(found):
        total += length
        if total >= half:
            return angle
    return 0.0


def _line(text: str, box: Pixels, angle: float) -> Line:
    """Return a line with its box on the straightened page."""
    across, down = box.mean(axis=0)
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y = across * cosine + down * sine, down * cosine - across * sine
    width, height = _sides(box)
    return Line(text, x - width / 2, y - height / 2, x + width / 2, y + height / 2)
