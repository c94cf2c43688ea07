"""Speed against peers and against the bare forward pass, as ratios side by side in one run; never a timed test.

python -m benchmarks                      all but coverage (about 20 minutes on 2 cores)
python -m benchmarks perturbations        one of perturbations, evaluation, training, evidence, startup, agreement,
                                       adopted, drawing, explain, coverage
python -m benchmarks evaluation -n 2000   with fewer digits
"""
