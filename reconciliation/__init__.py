"""Joins what is due, what was paid and what arrived; says what does not agree and who must act; proves the day."""
