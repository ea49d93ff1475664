"""The store: the only package that imports sqlalchemy. An item's state is the queue.

``Store.begin()`` opens a unit of work; repositories hang on it; nobody but ``begin`` commits.
All times are seconds since the epoch (UTC, float), passed in as ``now`` so that tests own the clock.
"""
