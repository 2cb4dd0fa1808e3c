"""What is decided on the floor, without a database and without a clock."""
