"""What the worker does, in short steps. No Qt."""
