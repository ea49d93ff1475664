"""Trainers in a simulated world, on the product's own queue and on two rivals.

In: a seed and a size. Out: who labelled what and when, under each policy, and what that was worth. The fair policy runs
on the real store, ``hand_out.next_for`` and ``overlap.review``, with a clock of the simulation's own; no platform.
"""
