"""The passes of the matcher, each with its statements in a file of the same name."""
