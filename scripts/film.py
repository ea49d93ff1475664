"""A short film of a square that crosses the picture: real video for tests and documentation."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from models import values

FRAMES, RATE = 50, 25
"""How many, and how many a second."""
WIDTH, HEIGHT, SIDE = 320, 180, 50
"""Pixels: of the picture, and of the square."""
START, STEP, TOP = 10, 4, 60
"""Pixels: the square's left side in the first frame, what it moves from frame to frame, and its upper side."""


def write(path: Path) -> Path:
    """Writes the film as WebM (VP8), which every browser plays."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"VP80"), RATE, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise RuntimeError("this OpenCV cannot write VP8")
    for frame in range(FRAMES):
        picture = np.full((HEIGHT, WIDTH, 3), 230, np.uint8)
        left = START + STEP * frame
        cv2.rectangle(picture, (left, TOP), (left + SIDE, TOP + SIDE), (60, 90, 200), -1)
        writer.write(picture)
    writer.release()
    return path


def track(label: str) -> values.Track:
    """The square, said by its first and its last frame."""
    ends = (_key_frame(1), _key_frame(FRAMES))
    return values.Track(frames=FRAMES, duration=FRAMES / RATE, sequence=ends, labels=(label,))


def _key_frame(frame: int) -> values.KeyFrame:
    return values.KeyFrame(
        frame=frame,
        time=frame / RATE,
        x=100 * (START + STEP * (frame - 1)) / WIDTH,
        y=100 * TOP / HEIGHT,
        width=100 * SIDE / WIDTH,
        height=100 * SIDE / HEIGHT,
    )
