"""A cluster of real processes under everything that can break, and the proof, from the outside, that nothing was lost.

`python -m tests.chaos --help`, or `make chaos`.
"""
