"""The two networks that see an eye: search (a whole photo) and outline (a tight square around the iris)."""
