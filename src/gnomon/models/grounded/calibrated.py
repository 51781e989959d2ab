"""How often answers of `grounded` were right by their score.

`bench/fit_confidence.py` fits the line to outcomes on databases that the weights had not seen.
"""

from gnomon.models.calibration import Calibration

CALIBRATION = Calibration(
    (
        (0.0, 0.0), (0.036, 0.025), (0.064, 0.139), (0.145, 0.296), (0.146, 0.534), (0.159, 0.535),
        (0.211, 0.635), (0.281, 0.679), (0.282, 0.83), (0.344, 0.831), (0.45, 0.85), (0.802, 0.922),
        (0.844, 0.924), (0.882, 0.965), (0.99, 0.99), (1.0, 0.995),
    ),
    answered_from=0.85,
)  # fmt: skip
