"""What happens to the store when the machine fails: short here, in full with PERSONALD_FULL=1."""
