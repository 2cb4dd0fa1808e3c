"""The demo district: fictional people and organisations, built through the real actions."""
