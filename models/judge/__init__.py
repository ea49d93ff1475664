"""A language model as a judge: asked for JSON of a schema that follows from the label config, and believed no further.

Enters: items and controls. Leaves: regions with a confidence. The endpoint is reached through ``chats``, which
``serving`` fills: this package knows no network.
"""
