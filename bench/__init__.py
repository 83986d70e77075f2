"""The figures: one command each, measured on real parts, against a comparison in the same run."""
