"""What is being looked at: frozen, undoable, saved. No Qt."""
