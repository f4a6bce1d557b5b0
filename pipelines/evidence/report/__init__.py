"""What was measured, told: figures, a page, sentences."""
