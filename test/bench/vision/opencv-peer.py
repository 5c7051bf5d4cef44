"""The peer of the fill, for test/bench/vision: fills holes by OpenCV's inpaint (Telea 2004, radius 3 px).

usage: opencv-peer.py
For each line STEM on standard input reads STEM.glare.png and STEM.hole.png, writes STEM.telea.png and says STEM.
"""
import sys

import cv2

RADIUS = 3


def main():
    cv2.setNumThreads(1)
    for line in sys.stdin:
        stem = line.rstrip("\n")
        hole = cv2.imread(f"{stem}.hole.png", cv2.IMREAD_GRAYSCALE)
        filled = cv2.inpaint(cv2.imread(f"{stem}.glare.png"), hole, RADIUS, cv2.INPAINT_TELEA)
        cv2.imwrite(f"{stem}.telea.png", filled)
        print(stem, flush=True)


main()
