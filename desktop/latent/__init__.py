"""The mathematics of a latent space, in numpy: planes, charts, paths, densities, posteriors."""
