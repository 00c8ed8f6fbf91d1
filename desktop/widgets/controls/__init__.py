"""Each joins a part of the window to the explorer."""
