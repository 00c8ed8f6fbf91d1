"""Controls: each connects one part of the window to the explorer."""
