"""Pure functions: rollups in, results out. No file, clock, console or global."""
