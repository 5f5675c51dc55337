"""The pages about a person, and about one integration of theirs."""
