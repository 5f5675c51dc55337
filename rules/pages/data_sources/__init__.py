"""The pages of data sources and metric queries."""
