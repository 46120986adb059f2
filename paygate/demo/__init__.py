"""A sample province and its day: everything seeded, sent over HTTP, reconciled, and held against what was planted."""
