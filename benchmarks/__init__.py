"""Times of firstsign beside other packages: `make bench`."""
