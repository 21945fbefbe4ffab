"""The lab: what a rule would have cost, and which is cheapest. Arrays of float64; nothing here decides an order."""
