"""SQLite in the event loop, for any number of processes on one host."""
