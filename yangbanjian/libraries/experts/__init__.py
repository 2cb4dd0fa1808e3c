"""专家库: people who know."""
