"""The steps of a job in Python and OpenCV, as a peer for test/bench/walk.ts. Prints one line of JSON.

usage: walk-opencv.py PHOTO SEARCH.onnx OUTLINE.onnx
Segmentation: the same two networks, one look each (cv2.dnn). Reflections: bright, pale pixels, Telea, radius 3.
Enhancement: CLAHE on lightness, Lanczos x4 to at most 4096 px, JPEG quality 90.
"""
import json
import resource
import sys
import time

import cv2
import numpy as np
import onnx
from onnx.utils import Extractor

WORKING_SIDE = 768
LARGEST_RESULT = 4096


def open_network(path):
    """The network's classes and its side. The numbers of its other output are made of operations that OpenCV lacks."""
    model = onnx.load(path)
    side = model.graph.input[0].type.tensor_type.shape.dim[3].dim_value
    classes = Extractor(model).extract_model(["bgr01"], ["prob"])
    return cv2.dnn.readNetFromONNX(np.frombuffer(classes.SerializeToString(), np.uint8)), side


def look(network, picture, x, y, side):
    """Class scores of a square window, mean of the picture and its mirror image."""
    net, cells = network
    scale = cells / side
    matrix = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
    box = cv2.warpAffine(picture, matrix, (cells, cells), flags=cv2.INTER_AREA, borderValue=(128, 128, 128))
    scores = []
    for flip in (False, True):
        net.setInput(cv2.dnn.blobFromImage(box[:, ::-1].copy() if flip else box, 1 / 255))
        out = net.forward()[0]
        scores.append(out[:, :, ::-1] if flip else out)
    return (scores[0] + scores[1]) / 2


def segment(networks, photo):
    height, width = photo.shape[:2]
    shrink = min(1, WORKING_SIDE / max(height, width))
    small = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    h, w = small.shape[:2]
    side = max(h, w)
    x, y = (w - side) / 2, (h - side) / 2
    for network in networks:
        cell = side / network[1]
        scores = look(network, small, x, y, side)
        eye = ((scores[2] + scores[3]) > 0.5).astype(np.uint8)
        count, _, stats, centres = cv2.connectedComponentsWithStats(eye)
        best = 1 + int(np.argmax(stats[1:, 4])) if count > 1 else 0
        radius = np.sqrt(stats[best, 4] / np.pi) * cell
        cx, cy = x + (centres[best][0] + 0.5) * cell, y + (centres[best][1] + 0.5) * cell
        last = (scores, x, y, cell)
        side = 2 * 2.2 * radius
        x, y = cx - side / 2, cy - side / 2
    scores, x, y, cell = last
    k = cell / shrink
    matrix = np.array([[k, 0, x / shrink], [0, k, y / shrink]])
    mask = cv2.warpAffine((scores[2] > 0.5).astype(np.uint8) * 255, matrix, (width, height))
    cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    reach = int(1.3 * radius / shrink)
    cx, cy = int(cx / shrink), int(cy / shrink)
    crop = photo[max(0, cy - reach):cy + reach, max(0, cx - reach):cx + reach]
    cv2.imencode(".png", crop, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return crop


def remove_reflections(crop):
    hsv = cv2.cvtColor(crop, cv2.COLOR_BGR2HSV)
    glare = ((hsv[..., 2] > 235) & (hsv[..., 1] < 60)).astype(np.uint8) * 255
    filled = cv2.inpaint(crop, cv2.dilate(glare, np.ones((5, 5), np.uint8)), 3, cv2.INPAINT_TELEA)
    cv2.imencode(".png", filled, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return filled


def enhance(crop):
    lab = cv2.cvtColor(crop, cv2.COLOR_BGR2LAB)
    lab[..., 0] = cv2.createCLAHE(2.0, (8, 8)).apply(np.ascontiguousarray(lab[..., 0]))
    side = min(LARGEST_RESULT, 4 * min(crop.shape[:2]))
    large = cv2.resize(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), (side, side), interpolation=cv2.INTER_LANCZOS4)
    cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 90])


def main():
    networks = [open_network(path) for path in sys.argv[2:4]]
    times = {}

    def timed(name, work, *values):
        start = time.perf_counter()
        out = work(*values)
        times[name] = round((time.perf_counter() - start) * 1000)
        return out

    photo = timed("loading", cv2.imread, sys.argv[1])
    crop = timed("segmenting", segment, networks, photo)
    clean = timed("removing reflections", remove_reflections, crop)
    timed("enhancing", enhance, clean)
    print(json.dumps({"ms": times, "peakMiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))


main()
