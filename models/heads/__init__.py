"""Trainable heads over frozen encoders."""
