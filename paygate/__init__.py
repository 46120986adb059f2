"""paygate: online payment reconciliation for public services."""
