"""Results to content, content to drawings: N results and M drawings, never N times M."""
