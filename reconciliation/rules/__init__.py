"""Rule sets as data: what the passes go by, read from TOML, checked, and named by what it says."""
