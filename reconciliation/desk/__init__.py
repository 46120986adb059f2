"""What the desk's pages show of facts, matches and what does not agree."""
