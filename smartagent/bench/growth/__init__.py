"""How costs grow with rules, people, samples and entries: measured at several sizes, and projected beyond them."""
