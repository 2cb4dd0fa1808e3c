"""Code tables: industries, disciplines, fields, regions, with source and edition."""
