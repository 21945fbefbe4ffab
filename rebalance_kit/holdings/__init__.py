"""What is held: accounts, positions, lots and cash, read exactly from the files that people have."""
