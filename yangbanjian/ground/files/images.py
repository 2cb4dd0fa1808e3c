"""Pictures that people upload are drawn anew, so that nothing but the picture is kept."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from yangbanjian.ground.files import rules
from yangbanjian.kernel.refusals import Invalid, Problem
from yangbanjian.kernel.words import gettext_noop

TOO_LARGE = gettext_noop("图片最大 8 MB，请压缩后再传。")
NOT_A_PICTURE = gettext_noop("这不是 JPEG、PNG 或 WebP 图片，请换一张。")
TOO_MANY_PIXELS = gettext_noop("图片的像素太多，请缩小到 4000 万像素以内。")


def refuse(code: str, sentence: str) -> Invalid:
    """The refusal of a cover, as a problem of its field."""
    return Invalid(f"files.{code}", sentence, [Problem("cover", code, sentence)])


def drawn_anew(content: bytes) -> bytes:
    """A WebP of at most 1600 × 900 with no metadata (EXIF holds places and owners).

    Raises Invalid for what is too large, cut off, or no picture.
    """
    if len(content) > rules.LARGEST_IMAGE:
        raise refuse("too_large", TOO_LARGE)
    if not rules.image_type(content[:16]):
        raise refuse("not_a_picture", NOT_A_PICTURE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as picture:
                # The size stands in the header: it is looked at before a pixel is unpacked.
                if picture.width * picture.height > rules.MOST_PIXELS:
                    raise refuse("too_many_pixels", TOO_MANY_PIXELS)
                picture.draft("RGB", (rules.COVER_WIDTH, rules.COVER_HEIGHT))
                upright = ImageOps.exif_transpose(picture)
                upright.thumbnail((rules.COVER_WIDTH, rules.COVER_HEIGHT))
                kept = io.BytesIO()
                upright.convert("RGB").save(kept, "WEBP", quality=82, method=4)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refuse("too_many_pixels", TOO_MANY_PIXELS) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise refuse("not_a_picture", NOT_A_PICTURE) from None
    return kept.getvalue()
