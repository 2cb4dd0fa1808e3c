"""Pure rules of publishing: names, releases, merging, packages, risk indicators."""
