"""What holdings are worth: prices and exchange rates read from files, and the book that answers for one day."""
