"""Statements as tables (CSV, XLSX, XLS), read by a mapping from our fields to the headers of their columns.

`source` opens the container and gives rows of cells, `header` finds the columns, `rows` gives a row's cells their
names, `movement`, `settled` and `handed` make the lines of each leg, `reading` puts them together.
"""
