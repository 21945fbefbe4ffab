"""From the bytes of a file to rows, columns and exact values: the one reader under holdings, lots and prices."""
