"""What a graph's inputs and outputs mean: guessed, overridden by people, and used to convert arrays."""
