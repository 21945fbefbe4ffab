"""rebalance_kit: where am I off target, what should I do about it, and what will it cost?"""
