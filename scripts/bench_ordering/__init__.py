"""``python -m scripts.bench_ordering``: labels saved by the order in which people are asked, on two labelled data sets.

Enters: gold labels. Leaves: learning curves, and how many labels random order needs for what our order reaches.
"""
