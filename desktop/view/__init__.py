"""The state of the view: frozen, undoable, saved. No Qt."""
