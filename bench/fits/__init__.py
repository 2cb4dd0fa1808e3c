"""Makes data of the product from data: run by hand, not part of `ybj bench`."""
