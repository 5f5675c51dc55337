"""What somebody needs to find an error, in one file: without secrets and personal data."""
