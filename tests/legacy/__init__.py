"""The whole of a legacy database, taken over and given back."""
