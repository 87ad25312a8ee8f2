"""Final trainings: a trial's cell in a larger network, trained to the end with the full recipe."""
