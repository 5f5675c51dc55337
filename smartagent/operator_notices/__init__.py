"""Notices to operators and administrators of what is wrong with Smart Agent itself, by their inbox and channels."""
