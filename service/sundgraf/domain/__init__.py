"""What we say: pure Python, standard library only."""
