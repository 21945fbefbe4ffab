"""Tax: dated rules, lots and how they are booked, Korea and the United States, harvesting. Estimates, never advice."""
