# Reads frames from standard input (a line "width height", then grey bytes) with OpenCV, ZBar and quirc, and prints for each reader and frame:
# name, number, seconds, texts in hexadecimal.
import sys
import time
import warnings

import cv2
import numpy
import quirc as quirc_by_pyquirc
from pyzbar import pyzbar

# A code that quirc locates and cannot decode is unread, nothing to be told of.
warnings.simplefilter("ignore", quirc_by_pyquirc.DecodingFailedWarning)

detector = cv2.QRCodeDetector()


def opencv(frame):
    try:
        found, texts, _, _ = detector.detectAndDecodeMulti(frame)
    except cv2.error:
        return []
    return [text.encode() for text in texts if text] if found else []


def zbar(frame):
    return [code.data for code in pyzbar.decode(frame, [pyzbar.ZBarSymbol.QRCODE])]


def quirc(frame):
    return [data.payload for _, data in quirc_by_pyquirc.decode(frame)]


frames = []
while line := sys.stdin.buffer.readline():
    width, height = map(int, line.split())
    pixels = sys.stdin.buffer.read(width * height)
    frames.append(numpy.frombuffer(pixels, numpy.uint8).reshape(height, width))
for name, reader in (("OpenCV", opencv), ("ZBar", zbar), ("quirc", quirc)):
    for number, frame in enumerate(frames):
        start = time.perf_counter()
        texts = reader(frame)
        seconds = time.perf_counter() - start
        print(name, number, f"{seconds:.6f}", *(text.hex() for text in texts))
