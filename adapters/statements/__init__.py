"""Bank statements: one module per format, each turning bytes into a stream of `paygate.domain.statement` parts."""
