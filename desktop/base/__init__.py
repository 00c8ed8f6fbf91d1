"""The ground: files, machine, command line, errors, array types. Knows no model and no picture."""
