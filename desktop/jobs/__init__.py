"""The worker's jobs, each cut into short steps. No Qt."""
