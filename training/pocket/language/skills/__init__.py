"""The skills, one module each: a maker of samples to learn from and of held-out items."""
