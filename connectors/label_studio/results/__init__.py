"""Our values <-> Label Studio's ``result`` lists. Pure functions; the only place that knows the wire format.

Enters and leaves: regions (``models.types.Region``) on one side, a list of JSON objects on the other. ``validate`` says
what Label Studio, or the page in which people annotate, would not take.
"""

from connectors.label_studio.results.checks import validate
from connectors.label_studio.results.decoding import decode
from connectors.label_studio.results.encoding import REGIONS, encode

__all__ = ["REGIONS", "decode", "encode", "validate"]
