"""The desk: the pages that people see."""
