"""Sources of notices: one folder each, all with the same files, none knowing another."""
