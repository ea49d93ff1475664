"""Composition: the only package that knows the others. Read ``serving/app.py`` first."""
