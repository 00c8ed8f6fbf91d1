"""What all else builds on: files, machine, command line, errors, array types. No models, no pictures."""
