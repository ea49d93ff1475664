"""Statistics of the gate: pure functions on arrays.

Enters: confidences, losses and inclusion probabilities as numpy arrays. Leaves: a certificate, bounds, draws. It reads
no file, keeps no state and draws no random number of its own.
"""

from models.gate.betting import wsr_pvalue, wsr_upper
from models.gate.bounds import binomial_pvalue, binomial_upper, minimum_n
from models.gate.certificate import Certificate
from models.gate.certify import EMPTY, certify
from models.gate.needed import needed_labels
from models.gate.spending import spend

__all__ = [
    "EMPTY",
    "Certificate",
    "binomial_pvalue",
    "binomial_upper",
    "certify",
    "minimum_n",
    "needed_labels",
    "spend",
    "wsr_pvalue",
    "wsr_upper",
]
