"""Photos for tests, made here: of any size and kind, with what a camera adds."""

import io

from PIL import ExifTags, Image


def picture(width: int, height: int, kind: str = "JPEG", *, camera: bool = False) -> bytes:
    """Return a picture; `camera` adds where and when it was taken, and that it lies on its side."""
    told = Image.Exif()
    if camera:
        told[ExifTags.Base.Orientation] = 6
        told.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2031:01:01 08:00:00"
        told.get_ifd(ExifTags.IFD.GPSInfo).update({
            ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (23.0, 33.0, 0.0),
            ExifTags.GPS.GPSLongitudeRef: "E", ExifTags.GPS.GPSLongitude: (116.0, 22.0, 12.0)})
    kept = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(kept, kind, exif=told)
    return kept.getvalue()
