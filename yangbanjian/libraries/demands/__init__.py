"""需求库: problems that enterprises want solved."""
