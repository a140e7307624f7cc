"""Small additive tables: declared by calculators, built in one pass, merged by concatenating and adding."""
