"""Worlds with a known truth: payments with all their legs, each case drawn by a scenario that says what it comes to.

The engine sees the facts and never the scenario's name; the measure holds what it stored against what was drawn.
"""
