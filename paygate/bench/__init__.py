"""Measurements against honest peers, as `paygate bench` runs them."""
