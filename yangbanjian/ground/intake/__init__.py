"""Import jobs, remembered column mappings, rejected rows."""
