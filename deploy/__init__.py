"""How Circletime is brought to a school's machine: wheels, the image, units, and what is in them."""
