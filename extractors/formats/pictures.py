"""Text in pictures, and where and when they were taken.

Recognition is an optional extra: Apple's Vision through ocrmac on a Mac, RapidOCR where it is installed (its models come
in its wheel), tesseract's program where the system has it. Without any, pictures give what their EXIF says, if anything.
"""

from __future__ import annotations

import functools
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats.plain import title_of
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import CannotRead, FailureKind, Item, Skip
from personald.commands import run

if TYPE_CHECKING:
    from PIL.Image import Image

# Pillow refuses twice its own limit; this is about a 100-megapixel photograph.
MAX_PIXELS = 120_000_000
# Along the longer side: RapidOCR reads a page of 200 dots an inch as well at this as at twice of it, in half the memory.
MAX_SIDE = 1600
TESSERACT_SECONDS = 50
# Tags of EXIF 2.32 (CIPA DC-008): 4.6.5 and 4.6.6.
_TAKEN, _DIGITISED, _CHANGED = 0x9003, 0x9004, 0x0132
_MAKE, _MODEL, _DESCRIPTION, _ARTIST = 0x010F, 0x0110, 0x010E, 0x013B
_EXIF, _GPS = 0x8769, 0x8825


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a picture: its words, and what its EXIF says."""
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    pillow.MAX_IMAGE_PIXELS = MAX_PIXELS
    with open_regular(path) as stream:
        try:
            image = pillow.open(stream)
            if image.width * image.height > MAX_PIXELS:
                raise CannotRead("the picture has too many pixels", FailureKind.TOO_LARGE)
            facts, taken = _facts(image)
            words = ""
            if options.read_pictures and not options.reduced and can_recognise():
                words = recognise(image)
        except (
            UnidentifiedImageError,
            pillow.DecompressionBombError,
            pillow.DecompressionBombWarning,
        ) as error:
            raise CannotRead("it is no picture that can be read") from error
        except (OSError, SyntaxError, ValueError) as error:
            raise CannotRead("the picture is damaged or cut off") from error
    if not words.strip() and not any(
        name in ("Taken", "Place", "Description") for name, _ in facts
    ):
        yield Skip(
            "picture without words"
            if can_recognise()
            else "picture, and no text recognition installed"
        )
        return
    lines = [f"{name}: {value}" for name, value in facts]
    yield Document(
        origin=origin,
        domain=options.domain or Domain.PHOTOS,
        kind="screenshot" if _is_screenshot(path) else "picture",
        title=title_of(path),
        text=clean("\n".join([*lines, *([""] if lines and words else []), words])).strip("\n"),
        date=taken,
        properties=facts,
    )


@functools.cache
def can_recognise() -> bool:
    """Tell whether an engine for character recognition is installed."""
    return bool(_engine())


def recognise(image: Image) -> str:
    """Return the words in a picture, line by line, "" when no engine is installed."""
    picture = image.convert("RGB") if image.mode not in ("RGB", "L") else image.copy()
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    engines = {"vision": _vision, "rapidocr": _rapid, "tesseract": _tesseract}
    engine = engines.get(_engine())
    if engine is None:
        return ""
    try:
        return engine(picture)
    except Exception:
        # Engines raise what they like, most of all when memory ends; what else the file holds shall not be lost by it.
        return ""


@functools.cache
def _engine() -> str:
    if sys.platform == "darwin" and importlib.util.find_spec("ocrmac") is not None:
        return "vision"
    if (
        importlib.util.find_spec("rapidocr") is not None
        and importlib.util.find_spec("onnxruntime") is not None
    ):
        return "rapidocr"
    return "tesseract" if shutil.which("tesseract") else ""


def _vision(picture: Image) -> str:
    from ocrmac import ocrmac

    found = ocrmac.OCR(picture).recognize()
    # Boxes are (x, y, width, height) from the lower left corner, in shares of the picture.
    boxes = [(1 - box[1] - box[3], box[0], box[3], str(words)) for words, _, box in found]
    return _in_lines(boxes)


@functools.cache
def _rapid_engine() -> Any:
    import logging

    from rapidocr import RapidOCR

    logging.disable(logging.CRITICAL)
    # Workers run side by side: more threads in each take more memory and processor time, not less of anybody's.
    return RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _rapid(picture: Image) -> str:
    import numpy

    result = _rapid_engine()(numpy.asarray(picture.convert("RGB")))
    if result.txts is None or result.boxes is None:
        return ""
    boxes = []
    for corners, words in zip(result.boxes, result.txts, strict=True):
        across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
        boxes.append((min(down), min(across), max(down) - min(down), str(words)))
    return _in_lines(boxes)


def _in_lines(boxes: list[tuple[float, float, float, str]]) -> str:
    """Order recognised words as people read: boxes (top, left, height, words) that overlap by half are one line."""
    lines: list[list[tuple[float, float, float, str]]] = []
    for box in sorted(boxes):
        top, _, height, _ = box
        if lines and abs(top - lines[-1][0][0]) < 0.5 * max(height, lines[-1][0][2]):
            lines[-1].append(box)
        else:
            lines.append([box])
    return "\n".join(
        "  ".join(words for _, _, _, words in sorted(line, key=lambda b: b[1])) for line in lines
    )


def _tesseract(picture: Image) -> str:
    import io

    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    output = run(
        ["tesseract", "stdin", "stdout"], timeout=TESSERACT_SECONDS, stdin=buffer.getvalue()
    )
    return output.stdout.decode("utf-8", "replace") if output.ok else ""


def _facts(image: Image) -> tuple[tuple[tuple[str, str], ...], datetime | None]:
    exif = image.getexif()
    inner = exif.get_ifd(_EXIF)
    taken = _moment(inner.get(_TAKEN) or inner.get(_DIGITISED) or exif.get(_CHANGED))
    camera = " ".join(
        dict.fromkeys(one_line(str(exif.get(tag, "")), 80).strip("\0 ") for tag in (_MAKE, _MODEL))
    )
    facts = (
        ("Taken", f"{taken:%Y-%m-%d %H:%M}" if taken else ""),
        ("Place", _place(exif.get_ifd(_GPS))),
        ("Camera", camera.strip()),
        ("Description", one_line(str(exif.get(_DESCRIPTION, "")))),
        ("Artist", one_line(str(exif.get(_ARTIST, "")))),
    )
    return tuple((name, value) for name, value in facts if value), taken


def _moment(value: object) -> datetime | None:
    try:
        return datetime.strptime(str(value)[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _place(gps: dict[int, Any]) -> str:
    """Return "latitude, longitude" in degrees (EXIF 4.6.7: references in tags 1 and 3, degrees in 2 and 4)."""
    try:
        latitude, longitude = _degrees(gps[2]), _degrees(gps[4])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ""
    south, west = (
        str(gps.get(1, "N")).upper().startswith("S"),
        str(gps.get(3, "E")).upper().startswith("W"),
    )
    return f"{-latitude if south else latitude:.5f}, {-longitude if west else longitude:.5f}"


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def _is_screenshot(path: Path) -> bool:
    return path.name.lower().startswith(
        ("screenshot", "screen shot", "bildschirmfoto", "capture d", "schermata", "skjermbilde")
    )
