"""What one can do: one module per use case, one public function each."""
