"""What must outlive a run: append, read, check and replay; never edit."""
