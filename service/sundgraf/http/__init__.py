"""How the graph is served over HTTP."""
