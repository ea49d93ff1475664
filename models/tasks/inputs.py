"""From an item to the value that an encoder reads: the text itself, or the path of a fetched file."""

from __future__ import annotations

from models.types import InputSpec, Item, Medium


class UnreadableItem(Exception):
    """One item cannot be read; becomes a ``Failure`` and never leaves this package."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read(item: Item, source: InputSpec) -> str:
    """Text of the field, or the path of the local file that holds its content.

    Empty text is readable: it says nothing, and a model may still know what is usual. Text comes out as
    valid Unicode, so that no item can stop a tokenizer.

    Raises:
        UnreadableItem: ``missing_field``, ``wrong_type`` or ``media_not_fetched``.
    """
    if source.medium.fetched and source.field in item.media:
        return item.media[source.field]
    value = item.data.get(source.field)
    if value is None:
        raise UnreadableItem(
            "missing_field",
            f"The task has no field {source.field!r}: import it with that field, or correct value in the label config.",
        )
    if isinstance(value, int | float) and not isinstance(value, bool) and source.medium is Medium.TEXT:
        return str(value)  # Label Studio shows a number as the text that it is
    if not isinstance(value, str):
        raise UnreadableItem(
            "wrong_type",
            f"Field {source.field!r} holds {type(value).__name__}, not text: correct the task's data.",
        )
    if source.medium.fetched:
        raise UnreadableItem(
            "media_not_fetched",
            f"The {source.medium} of field {source.field!r} was not fetched: check its address and storage.",
        )
    return value.encode("utf-8", "replace").decode("utf-8")  # JSON may hold half of a surrogate pair: no text at all
