"""Alembic environment; ``serving.store.schema`` runs it."""
