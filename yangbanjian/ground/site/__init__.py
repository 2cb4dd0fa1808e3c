"""What the operator sets for this installation: name, hosts, footer, streets, periods."""
