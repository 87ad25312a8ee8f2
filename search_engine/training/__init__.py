"""Training: one loop for start networks, children and final trainings.

`.trainer.Trainer` does the work; `.metrics` measures, `.state` saves and loads, `.final_training`
and `.launch` train a chosen cell to the end, on one device or on several.
"""
