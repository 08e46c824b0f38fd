"""How long a recording lasts: LINE wants to know, and no message says so."""

MOVIE_HEADER = b"mvhd"


def seconds(data: bytes) -> float:
    """Of an MPEG-4 file (m4a, mp4), from its movie header (ISO/IEC 14496-12, 8.2.2); 0.0 when it has none."""
    at = data.find(MOVIE_HEADER)
    if at < 0 or len(data) < at + 36:
        return 0.0
    body = data[at + 4 :]
    if body[0] == 1:
        scale, length = int.from_bytes(body[20:24]), int.from_bytes(body[24:32])
    else:
        scale, length = int.from_bytes(body[12:16]), int.from_bytes(body[16:20])
    return length / scale if scale else 0.0
