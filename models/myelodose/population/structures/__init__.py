"""What happens in one patient: structures that a population model puts parameters into."""
