"""PairTracker under the package ``lightning``, which is pytorch_lightning by another name and of other classes."""

import subprocess
import sys

from other_trainer import HEAD

SCRIPT = f"""{HEAD}
module = Mine()
tracker = fit(module, 4, 4)
h = module.encoder(x[:2]).double()
assert abs(float((h[1] - h[0]).square().sum()) - tracker.state().dh2[-1]) < 1e-5
assert isinstance(tracker, PairTracker)
sent = pickle.loads(pickle.dumps(tracker))
assert isinstance(sent, L.Callback) and type(sent) is type(tracker) and sent.frame().equals(tracker.frame())
print(tracker.steps.tolist())
"""


def test_the_trainer_of_the_other_package_takes_a_tracker() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-2] == "[0, 3, 6, 8]"
