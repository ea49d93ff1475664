"""The outside world <-> our types: Label Studio, media.

Enters: platform payloads. Leaves: ``connectors.base`` dataclasses. Imports ``models.types`` and ``models.errors`` only.
"""
