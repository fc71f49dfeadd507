"""Pictures of answers: one module for each kind, each a pure function from rows to SVG."""
