"""Arrays to pictures and back. No Qt."""
