"""One module a table family: dataclasses and SQL functions that take a connection."""
