"""Fetch of an item's media, guarded."""
