"""Tracks made by hand: a picture of known colours and a tone of known pitch, in Matroska as recorded."""

import io
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

Rgb = tuple[int, int, int]
LIVE = {"live": "1", "cluster_time_limit": "1000"}


def picture(
    seconds: float,
    colour: Callable[[float], Rgb],
    *,
    size: tuple[int, int] = (320, 180),
    fps: int = 15,
    noise: int = 0,
) -> bytes:
    """VP8 whose whole picture has the colour `colour(second)`, with a moving noise patch if asked for."""
    file = io.BytesIO()
    random = np.random.default_rng(1)
    with av.open(file, "w", format="matroska", options=LIVE) as container:
        stream = container.add_stream("libvpx", rate=fps, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = (*size, "yuv420p")
        stream.bit_rate = 160_000
        stream.codec_context.gop_size = fps * 10
        stream.codec_context.thread_count = 1  # several would wait for each other, and wait by spinning
        for number in range(int(seconds * fps)):
            image = np.empty((size[1], size[0], 3), np.uint8)
            image[:] = colour(number / fps)
            if noise:
                x = number * 4 % (size[0] - 40)
                image[20:60, x : x + 40] = random.integers(0, noise, (40, 40, 3), np.uint8)
            frame = VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def tone(seconds: float, hertz: float, *, loud: float = 0.3) -> bytes:
    """Opus of one steady tone."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska", options=LIVE) as container:
        stream = container.add_stream("libopus", rate=48000, layout="mono", format="s16")
        stream.bit_rate = 24_000
        count = int(seconds * 48000)
        values = np.sin(2 * np.pi * hertz * np.arange(count) / 48000) * loud
        frame = AudioFrame.from_ndarray(
            (values * 32767).astype(np.int16)[np.newaxis, :], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
