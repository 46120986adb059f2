"""Every configured source simulated against a running service, with a ledger of what was acknowledged and a check."""
