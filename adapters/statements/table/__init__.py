"""Bank statements as tables (CSV, XLSX, XLS), read by a mapping from our fields to the headers of their columns.

`source` opens the container and gives rows of cells, `header` finds the columns, `rows` makes lines of rows,
`statement` puts them together.
"""
