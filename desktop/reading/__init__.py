"""What a graph's inputs and outputs mean: guessed, set by people, converted."""
