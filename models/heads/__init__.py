"""Small trainable heads over frozen encoders: how a project learns from its own corrections.

Enters: labelled items. Leaves: an artefact folder (npz and JSON, no pickle) named by its sha256, and the model in it.
"""
