"""Which answer is better, and how good one is, learned from a project's own judgements.

Enters: a question and answers. Leaves: a pair's better one, a rating or an order, with a confidence. Needs no network.
"""
