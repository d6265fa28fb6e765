"""A corpus of hostile, broken and odd picture files, drawn here: nothing comes from outside.

Each comes with what must become of it: `REFUSED`, `PICTURE`, or `EITHER` where a decoder may
honestly see it one way or the other. The same files come out at each run.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from overt.watchlist.pictures import MAX_BYTES, MAX_PIXELS, MAX_PIXELS_WHOLE

FORMS = ("JPEG", "PNG", "WEBP")
SECRET = b"51.5007 -0.1246 secret place"

_PNG = b"\x89PNG\r\n\x1a\n"
_MEGABYTE = 2**20


class End(Enum):
    """What must become of a picture file."""

    REFUSED = "refused"
    PICTURE = "picture"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A picture file, what it is, and what must become of it."""

    name: str
    data: bytes
    end: End


def corpus() -> Iterator[Hostile]:
    """Give every file of the corpus."""
    for family in (
        _bombs, _untrue_sizes, _many_pieces, _stuffed, _largest, _truncated, _flipped, _odd_modes,
        _moving, _other_formats, _polyglots, _noise,
    ):  # fmt: skip
        yield from family()


def drawn(width: int = 96, height: int = 72) -> Image.Image:
    """A small picture with some structure."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """Return the file that Pillow writes."""
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def with_metadata(form: str) -> bytes:
    """Return a photograph that says where it was taken, in every way it can."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 2.5), 3: "W", 4: (0.0, 7.0, 28.6)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, object] = {"exif": exif, "icc_profile": profile}
    if form == "PNG":
        words = PngImagePlugin.PngInfo()
        words.add_itxt("XML:com.adobe.xmp", SECRET.decode(), zip=True)
        words.add_text("Comment", SECRET.decode())
        options["pnginfo"] = words
    else:
        options["xmp"] = b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>"
    if form == "JPEG":
        options["comment"] = SECRET
    return encoded(drawn(), form, **options)


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size: tuple[int, int], *chunks: bytes, colour: int = 2, depth: int = 8) -> bytes:
    """Return a PNG of given chunks between its header and its end."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    return _PNG + header + b"".join(chunks) + chunk(b"IEND", b"")


def _zeros(size: int) -> bytes:
    """Return `size` zero bytes as zlib packs them, a thousandth of them, without packing them all.

    A block that was flushed in full can be repeated; Adler's checksum of zeros is known.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(_MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(size % _MEGABYTE)) + packer.flush()
    checksum = struct.pack(">I", (size % 65_521) << 16 | 1)
    return b"\x78\xda" + block * (size // _MEGABYTE) + rest + checksum


def _bombs() -> Iterator[Hostile]:
    """Small files that would fill memory if anybody let them."""
    rows = _zeros(600 * _MEGABYTE)
    for side in (9_000, 16_000, 60_000):
        data = png((side, side), chunk(b"IDAT", rows))
        yield Hostile(f"PNG bomb of {side} squared", data, End.REFUSED)
    small = png((100, 100), chunk(b"IDAT", rows))
    yield Hostile("PNG of 100 squared with 600 MB behind it", small, End.EITHER)
    for size in ((16_383, 16_383), (16_383, 4_000), (8_000, 6_000)):
        data = encoded(Image.new("L", (64, 64)), "WEBP", lossless=True)
        yield Hostile(f"WebP that says {size}", _webp_of_size(data, *size), End.REFUSED)
    flat = encoded(Image.new("L", (16_000, 3_000)).convert("RGB"), "WEBP", lossless=True, method=0)
    yield Hostile("WebP bomb of 48 million pixels", flat, End.REFUSED)
    jpeg = encoded(Image.new("L", (9_000, 9_000)), "JPEG")
    yield Hostile("JPEG bomb of 81 million pixels", jpeg, End.REFUSED)


def _webp_of_size(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"VP8L") + 9
    bits = int.from_bytes(data[at : at + 4], "little") & 0xF0000000
    bits |= (width - 1) | (height - 1) << 14
    return data[:at] + bits.to_bytes(4, "little") + data[at + 4 :]


def _jpeg_of_size(width: int, height: int, **options: object) -> bytes:
    data = bytearray(encoded(drawn(), "JPEG", **options))
    at = data.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def _untrue_sizes() -> Iterator[Hostile]:
    """Headers that promise another size than there is."""
    rows = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    for size in ((65_535, 65_535), (65_535, 1), (1, 65_535), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1),
                 (0, 0), (0, 9), (9, 0), (4_999, 4_999)):  # fmt: skip
        yield Hostile(f"PNG that says {size}", png(size, rows), End.REFUSED)
    for size in ((65_535, 65_535), (65_535, 1), (1, 65_535), (0, 9), (9, 0)):
        yield Hostile(f"JPEG that says {size}", _jpeg_of_size(*size), End.REFUSED)
        data = _jpeg_of_size(*size, progressive=True)
        yield Hostile(f"progressive JPEG that says {size}", data, End.REFUSED)
    yield Hostile("JPEG that says 48 million", _jpeg_of_size(8_000, 6_000), End.EITHER)


def _many_pieces() -> Iterator[Hostile]:
    """Files of more pieces than a decoder gets through in time."""
    side = (8_600, 5_800)
    whole = encoded(Image.new("L", side).convert("RGB"), "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    for count in (20, 500, 60_000):
        data = whole[:-2] + scan * count + whole[-2:]
        yield Hostile(f"JPEG of {count} scans more", data, End.REFUSED)
    small = encoded(drawn(), "JPEG")
    for name, piece in (("comments", b"\xff\xfe\x00\x02"), ("APP1", b"\xff\xe1\x00\x02"),
                        ("APP2", b"\xff\xe2\x00\x10ICC_PROFILE\x00\x01\xff"),
                        ("APP13", b"\xff\xed\x00\x10Photoshop 3.0\x00"),
                        ("restart intervals", b"\xff\xdd\x00\x04\x00\x01"),
                        ("tables", small[small.index(b"\xff\xc4") : small.index(b"\xff\xda")]),
                        ):  # fmt: skip
        count = (MAX_BYTES - len(small)) // len(piece)
        data = small[:2] + piece * count + small[2:]
        yield Hostile(f"JPEG of {count} {name}", data, End.REFUSED)
    padded = small[:2] + b"\xff" * (MAX_BYTES - len(small)) + small[2:]
    yield Hostile("JPEG of 20 MB of fill bytes", padded, End.EITHER)
    yield Hostile(
        "JPEG of bare markers", small[:2] + b"\xff\x01" * 9_999_000 + small[2:], End.REFUSED
    )
    yield Hostile("JPEG of restarts", small[:-2] + b"\xff\xd0" * 9_999_000, End.EITHER)
    yield Hostile(
        "JPEG of fill bytes and no marker", small[:2] + b"\xff" * 9_999_000 + b"\0", End.REFUSED
    )
    row = chunk(b"IDAT", zlib.compress(bytes(30_100)))
    for kind in (b"IDAT", b"tEXt", b"fdAT", b"prVt", b"PLTE", b"tRNS"):
        data = png((100, 100), chunk(kind, b"") * 1_600_000, row)
        yield Hostile(f"PNG of 1.6 million empty {kind.decode()}", data, End.REFUSED)
    riff = encoded(drawn(), "WEBP")
    for kind in (b"JUNK", b"ANMF", b"EXIF", b"ALPH"):
        body = riff[12:] + (kind + bytes(4)) * 2_000_000
        yield Hostile(f"WebP of 2 million {kind.decode()}", _riff(body), End.EITHER)
        extended = b"VP8X" + struct.pack("<II", 10, 2) + bytes([95, 0, 0, 71, 0, 0])
        data = _riff(extended + body[len(riff) - 12 :] + riff[12:])
        yield Hostile(f"extended WebP of 2 million {kind.decode()}", data, End.EITHER)


def _riff(body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _stuffed() -> Iterator[Hostile]:
    """Metadata that unpacks to very much more than the file, or that claims to."""
    row = chunk(b"IDAT", zlib.compress(bytes(30_100)))
    much = _zeros(300 * _MEGABYTE)
    for name, body in (
        ("zTXt", b"Comment\x00\x00" + much),
        ("iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + much),
        ("iCCP", b"profile\x00\x00" + much),
    ):
        data = png((100, 100), chunk(name.encode(), body), row)
        yield Hostile(f"PNG with 300 MB in {name}", data, End.EITHER)
        many = chunk(name.encode(), body[:20] + _zeros(900_000)) * 200
        yield Hostile(f"PNG with 200 times {name}", png((100, 100), many, row), End.EITHER)
    small = encoded(drawn(), "JPEG")
    for name, tiff in _wrong_exif():
        exif = b"Exif\x00\x00" + tiff
        segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
        yield Hostile(f"JPEG with EXIF {name}", small[:2] + segment + small[2:], End.EITHER)
        data = png((100, 100), chunk(b"eXIf", tiff), row)
        yield Hostile(f"PNG with EXIF {name}", data, End.EITHER)


def _wrong_exif() -> Iterator[tuple[str, bytes]]:
    start = b"MM\x00*\x00\x00\x00\x08"
    yield "that begins nowhere", b"MM\x00*\xff\xff\xff\xff"
    yield "that holds itself", start + struct.pack(">HHHIII", 1, 0x8769, 4, 1, 8, 8)
    yield (
        "of four thousand million values",
        start + struct.pack(">HHHIII", 1, 0x112, 3, 2**32 - 1, 8, 0),
    )
    yield "of 65,535 entries", start + b"\xff\xff" + struct.pack(">HHII", 0x112, 3, 1, 0) * 5_000
    yield "turned a ninth way", start + struct.pack(">HHHIHHI", 1, 0x112, 3, 1, 9, 0, 0)
    yield "turned by a word", start + struct.pack(">HHHI4sI", 1, 0x112, 2, 4, b"six\x00", 0)


def _largest() -> Iterator[Hostile]:
    """What is just within the limits is a picture, and is one in time."""
    wide = (8_600, 5_800)
    assert wide[0] * wide[1] <= MAX_PIXELS
    flat = Image.new("RGB", wide, (90, 120, 150))
    yield Hostile("largest JPEG", encoded(flat, "JPEG"), End.PICTURE)
    yield Hostile("largest progressive JPEG", encoded(flat, "JPEG", progressive=True), End.PICTURE)
    ink = flat.resize((5_000, 4_000)).convert("CMYK")
    yield Hostile(
        "large progressive CMYK JPEG", encoded(ink, "JPEG", progressive=True), End.PICTURE
    )
    side = 5_000
    assert side * side <= MAX_PIXELS_WHOLE
    for name, colour, depth, channels in (
        ("RGB", 2, 8, 3), ("RGBA", 6, 8, 4), ("grey", 0, 8, 1), ("16-bit grey", 0, 16, 2),
        ("16-bit RGBA", 6, 16, 8),
    ):  # fmt: skip
        rows = chunk(b"IDAT", _zeros(side * (side * channels + 1)))
        data = png((side, side), rows, colour=colour, depth=depth)
        yield Hostile(f"largest {name} PNG", data, End.PICTURE)
    square = flat.resize((side, side)).convert("RGBA")
    for lossless in (True, False):
        data = encoded(square, "WEBP", lossless=lossless, method=0)
        yield Hostile(f"largest WebP, lossless {lossless}", data, End.PICTURE)


def _truncated() -> Iterator[Hostile]:
    for form in FORMS:
        whole = encoded(drawn(400, 300), form)
        for part in range(40):
            data = whole[: len(whole) * part // 40]
            yield Hostile(f"{form} cut at {len(data)}", data, End.REFUSED)
        for left in (1, 2, 3, 8, 12):
            yield Hostile(f"{form} short of {left}", whole[:-left], End.EITHER)


def _flipped() -> Iterator[Hostile]:
    """Damage: one bit, and many."""
    rng = np.random.default_rng(20_251_125)
    files = [encoded(drawn(), form) for form in FORMS]
    files += [encoded(drawn(), "JPEG", progressive=True), with_metadata("JPEG"), with_metadata("PNG"),
              encoded(drawn().quantize(16), "PNG"), encoded(drawn(), "WEBP", lossless=True)]  # fmt: skip
    for number in range(640):
        data = np.frombuffer(files[number % len(files)], np.uint8).copy()
        bits = rng.integers(0, 8 * data.size, 1 if number % 2 else 12)
        if number % 3 == 0:  # headers are where it matters
            bits %= 8 * 64
        np.bitwise_xor.at(data, bits // 8, (1 << (bits % 8)).astype(np.uint8))
        yield Hostile(f"bits flipped, {number}", data.tobytes(), End.EITHER)


def _odd_modes() -> Iterator[Hostile]:
    picture = drawn()
    clear = picture.convert("RGBA")
    clear.putalpha(100)
    for mode in ("CMYK", "L", "YCbCr"):
        yield Hostile(f"{mode} JPEG", encoded(picture.convert(mode), "JPEG"), End.PICTURE)
    for mode in ("1", "L", "LA", "P", "RGBA"):
        yield Hostile(f"{mode} PNG", encoded(clear.convert(mode), "PNG"), End.PICTURE)
    levels = Image.fromarray(np.arange(96 * 72, dtype=np.uint16).reshape(72, 96) * 9)
    yield Hostile("16-bit PNG", encoded(levels, "PNG"), End.PICTURE)
    for name, transparency in (("one", 3), ("each", bytes(range(16)))):
        data = encoded(picture.quantize(16), "PNG", transparency=transparency)
        yield Hostile(f"palette PNG, {name} transparent", data, End.PICTURE)
    for colour, depth in ((2, 16), (4, 16), (6, 16), (0, 1), (0, 2), (0, 4)):
        data = png(
            (32, 32), chunk(b"IDAT", zlib.compress(bytes(40_000))), colour=colour, depth=depth
        )
        yield Hostile(f"PNG of colour {colour}, {depth} bits", data, End.PICTURE)
    for colour, depth in ((3, 8), (3, 16), (2, 1), (7, 8), (5, 3)):
        data = png(
            (32, 32), chunk(b"IDAT", zlib.compress(bytes(40_000))), colour=colour, depth=depth
        )
        yield Hostile(f"PNG of impossible colour {colour}, {depth} bits", data, End.EITHER)
    yield Hostile("transparent WebP", encoded(clear, "WEBP"), End.PICTURE)
    second = encoded(picture, "MPO", save_all=True, append_images=[clear.convert("RGB")])
    yield Hostile("JPEG with a second picture", second, End.PICTURE)
    for form in FORMS:
        yield Hostile(f"{form} with metadata", with_metadata(form), End.PICTURE)


def _moving() -> Iterator[Hostile]:
    for form in ("PNG", "WEBP", "GIF"):
        for count in (2, 200):
            frames = [Image.new("RGB", (16, 16), (n, 9, 255 * (n % 2))) for n in range(count)]
            data = encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=50)
            yield Hostile(f"animated {form} of {count}", data, End.REFUSED)


def _other_formats() -> Iterator[Hostile]:
    for form in (
        "GIF",
        "TIFF",
        "BMP",
        "PDF",
        "EPS",
        "PPM",
        "TGA",
        "ICO",
        "PCX",
        "SGI",
        "DDS",
    ):
        yield Hostile(form, encoded(drawn(), form), End.REFUSED)
    box = struct.pack(">I", 24)
    card = b"SIMPLE  =                    T".ljust(80) + b"BITPIX  =                    8".ljust(80)
    for name, data in {
        "FITS": (card + b"NAXIS   =                    0".ljust(80) + b"END").ljust(2_880),
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "SVG that names a file": b"<?xml version='1.0'?><!DOCTYPE s [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
        b"<svg>&e;</svg>",
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (w) file\n",
        "HEIC": box + b"ftypheic\x00\x00\x00\x00mif1heic" + bytes(99),
        "AVIF": box + b"ftypavif\x00\x00\x00\x00mif1avif" + bytes(99),
        "ICNS": b"icns" + struct.pack(">I", 999) + b"ic07" + bytes(991),
        "PSD": b"8BPS\x00\x01" + bytes(6) + struct.pack(">HIIHH", 3, 9, 9, 8, 3) + bytes(99),
        "JPEG 2000": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(99),
        "JPEG XL": b"\xff\x0a" + bytes(99),
        "WMF": b"\xd7\xcd\xc6\x9a" + bytes(99),
        "MVG for ImageMagick": b"push graphic-context\nimage over 0,0 0,0 'https://host/x'\n",
        "XBM": b"#define a_width 8\n#define a_height 8\nstatic char a_bits[] = {0};\n",
        "ELF": b"\x7fELF\x02\x01\x01" + bytes(99),
        "zip": _zip(),
        "script": b"#!/bin/sh\nid\n",
        "pickle": b"\x80\x04cos\nsystem\n(S'id'\ntR.",
    }.items():
        yield Hostile(name, data, End.REFUSED)


def _zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(zipfile.ZipInfo("Applet.class"), b"\xca\xfe\xba\xbe" + SECRET)
    return held.getvalue()


def _polyglots() -> Iterator[Hostile]:
    """Files that are a picture to one reader and something else to another."""
    page = b"<html><script>" + SECRET + b"</script></html>"
    phar = b"<?php __HALT_COMPILER(); ?>\r\n" + bytes(40) + SECRET + b"GBMB"
    elf = b"\x7fELF\x02\x01\x01" + bytes(57) + SECRET
    pdf = b"%PDF-1.4\n1 0 obj<</JS(" + SECRET + b")>>endobj\n%%EOF\n"
    others = {"zip": _zip(), "HTML": page, "PHAR": phar, "ELF": elf, "PDF": pdf}
    for form in FORMS:
        whole = encoded(drawn(), form)
        for name, other in others.items():
            end = End.EITHER if form == "WEBP" else End.PICTURE
            yield Hostile(f"{form} and {name} behind it", whole + other, end)
            yield Hostile(f"{name} and {form} behind it", other + whole, End.REFUSED)
    for name, other in others.items():
        data = encoded(drawn(), "JPEG", comment=other)
        yield Hostile(f"JPEG with {name} as its comment", data, End.PICTURE)
        data = png(
            (9, 9), chunk(b"tEXt", b"c\x00" + other), chunk(b"IDAT", zlib.compress(bytes(252)))
        )
        yield Hostile(f"PNG with {name} as its text", data, End.PICTURE)
    gif = b"GIF89a/*" + bytes(6) + encoded(drawn(), "GIF")[14:] + b"*/=1;" + page
    yield Hostile("GIF that is a script", gif, End.REFUSED)
    yield Hostile("GIF and zip behind it", encoded(drawn(), "GIF") + _zip(), End.REFUSED)
    bmp = b"BM" + page.ljust(60) + encoded(drawn(), "JPEG")
    yield Hostile("BMP, page and JPEG", bmp, End.REFUSED)
    yield Hostile("PNG after JPEG's start", b"\xff\xd8" + encoded(drawn(), "PNG"), End.REFUSED)
    yield Hostile("JPEG after PNG's start", _PNG + encoded(drawn(), "JPEG"), End.REFUSED)


def _noise() -> Iterator[Hostile]:
    rng = np.random.default_rng(3)
    yield Hostile("nothing", b"", End.REFUSED)
    for size in (1, 2, 16, 4_096, MAX_BYTES):
        yield Hostile(f"{size} zeros", bytes(size), End.REFUSED)
        yield Hostile(f"{size} ones", b"\xff" * size, End.REFUSED)
        yield Hostile(f"{size} bytes of noise", rng.bytes(size), End.REFUSED)
    yield Hostile("more than is read", bytes(MAX_BYTES + 1), End.REFUSED)
    for form in FORMS:
        head = encoded(drawn(), form)[:64]
        yield Hostile(f"{form} that turns into noise", head + rng.bytes(MAX_BYTES - 64), End.EITHER)
        yield Hostile(f"{form} that turns into zeros", head + bytes(MAX_BYTES - 64), End.EITHER)
