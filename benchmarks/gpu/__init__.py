"""What Espalier promises on a GPU, checked and measured in ten minutes: `make gpu`.

Needs torch and the engine alone; the web part runs where Django is there, too. Each line is PASS or
FAIL with its bound, or a FIGURE. `benchmarks/results/gpu-<card>.json` has all of them.
"""
