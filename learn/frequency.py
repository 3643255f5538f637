#!/usr/bin/env python3
"""Counts how often three bytes stand together in source text, for src/detect/frequency.bin: frequency.py TREE… OUT

The table only helps to choose what is looked for; what is found never depends on it. Bytes are told apart as src/detect/frequency.rs does.
"""
import math
import os
import sys

import numpy

LETTERS = range(ord("a"), ord("z") + 1)
SIGNS = b"_-./:=\"'( \n"
SYMBOLS = 40
MOST = 20_000  # bytes of each file, so that no file rules


def symbols():
    """The symbol of each byte, case folded as the prefilter does: 0 for what is rare."""
    table = numpy.zeros(256, dtype=numpy.int64)
    for symbol, letter in enumerate(LETTERS, 1):
        table[letter] = symbol
    for digit in b"0123456789":
        table[digit] = 27
    for symbol, sign in enumerate(SIGNS, 28):
        table[sign | 0x20] = symbol
    return table


def main():
    *trees, out = sys.argv[1:]
    text = bytearray()
    for tree in trees:
        for folder, folders, names in os.walk(tree):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        text += file.read(MOST)
    folded = symbols()[numpy.frombuffer(bytes(text), dtype=numpy.uint8) | 0x20]
    triples = numpy.bincount(folded[:-2] * SYMBOLS**2 + folded[1:-1] * SYMBOLS + folded[2:], minlength=SYMBOLS**3)
    pairs = numpy.bincount(folded[:-1] * SYMBOLS + folded[1:], minlength=SYMBOLS**2)
    # In eighths of a binary order, so that a byte holds every count.
    scale = lambda counts: bytes(min(255, round(8 * math.log2(count + 1))) for count in counts)
    with open(out, "wb") as file:
        file.write(scale(triples) + scale(pairs))
    print(f"{len(text)} bytes of text, {os.path.getsize(out)} bytes written")


if __name__ == "__main__":
    main()
