"""sundgraf: the open knowledge graph of AI in healthcare, and the service to run it on."""

__version__ = "0.1.0"
