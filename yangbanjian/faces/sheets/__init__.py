"""Sheets in and out: columns from the libraries' fields, files read, files written."""
