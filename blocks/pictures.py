"""What people attach, told by its content: photos made smaller and rid of what the camera added, papers.

A photo of 50 megapixels is decoded at a fraction of its size, so that no request needs much memory.
"""

import io
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from blocks.errors import InspectionError

LONGEST_SIDE = 2048  # pixels of what is kept
MOST_PIXELS = 120_000_000
MOST_PIXELS_WHOLE = 24_000_000  # of a format that can only be decoded as a whole
FORMATS = ("JPEG", "PNG", "WEBP")  # a phone's MPO is read as JPEG
PAPERS = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
MOST_BYTES = 20 * 1024**2


@dataclass(frozen=True)
class Photo:
    """A photo as it is kept (JPEG, upright, nothing of the camera in it), and what the camera said.

    `taken_at`: by the camera's own clock, as it wrote it. `place`: degrees, or None.
    """

    content: bytes
    taken_at: str | None
    place: dict[str, float] | None


def photo(name: str, content: bytes) -> Photo:
    """Return a photo made ready to be kept.

    Raises:
        InspectionError: empty, no photo, damaged, or far too large; says which.
    """
    _check_size(name, content)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            width, height = opened.size
            most = MOST_PIXELS if opened.format in ("JPEG", "MPO") else MOST_PIXELS_WHOLE
            if width * height > most:
                raise InspectionError(f"照片「{name}」有{width * height // 1_000_000}百万像素，太大了",
                                      "请用手机拍照或缩小后再传；其余内容都保留着")
            told = opened.getexif()
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            kept = io.BytesIO()
            upright.convert("RGB").save(kept, "JPEG", quality=85, optimize=True)
            return Photo(kept.getvalue(), _taken_at(told), _place(told))
    except UnidentifiedImageError:
        raise InspectionError(f"「{name}」不是照片（JPEG、PNG 或 WebP）", "请选择照片；其余内容都保留着") from None
    except Image.DecompressionBombError:
        raise InspectionError(f"照片「{name}」太大了", "请用手机拍照或缩小后再传；其余内容都保留着") from None
    except (OSError, SyntaxError, ValueError, ZeroDivisionError):
        raise InspectionError(f"照片「{name}」已损坏，打不开", "请重新拍照；其余内容都保留着") from None


def paper(name: str, content: bytes) -> str:
    """Return the media type of a paper that grounds a scheme: PDF, JPEG or PNG.

    Raises:
        InspectionError: it is none of these, empty or too large.
    """
    _check_size(name, content)
    for start, kind in PAPERS:
        if content.startswith(start):
            return kind
    raise InspectionError(f"附件「{name}」不是 PDF 或图片", "请另存为 PDF 再附；其余内容都保留着")


def _check_size(name: str, content: bytes) -> None:
    if not content:
        raise InspectionError(f"「{name}」是空的（0字节）", "请重新选择文件；其余内容都保留着")
    if len(content) > MOST_BYTES:
        raise InspectionError(f"「{name}」有{len(content) // 1024**2} MB，超过20 MB", "请缩小后再传；其余内容都保留着")


def _taken_at(told: Image.Exif) -> str | None:
    text = told.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal) or told.get(
        ExifTags.Base.DateTime)
    return str(text).strip("\x00 ")[:40] or None if text else None


def _place(told: Image.Exif) -> dict[str, float] | None:
    gps = told.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        lat, lon = (sum(float(part) / 60**n for n, part in enumerate(gps[key]))
                    for key in (ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLongitude))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    south, west = gps.get(ExifTags.GPS.GPSLatitudeRef) == "S", gps.get(ExifTags.GPS.GPSLongitudeRef) == "W"
    return {"lat": round(-lat if south else lat, 6), "lon": round(-lon if west else lon, 6)}
