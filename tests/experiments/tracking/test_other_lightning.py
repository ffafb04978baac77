"""PairTracker under the package ``lightning``, which is pytorch_lightning by another name and of other classes."""

import subprocess
import sys

SCRIPT = """
import pickle

import lightning as L
import torch
from repdyn.experiments import PairTracker


class Mine(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = torch.nn.Linear(4, 8), torch.nn.Linear(8, 2)

    def forward(self, x):
        return self.decoder(self.encoder(x))

    def training_step(self, batch, batch_idx):
        x, y = batch
        return (self(x) - y).square().sum(1).mean() / 2

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


torch.manual_seed(0)
x, y = torch.randn(8, 4), torch.randn(8, 2)
tracker = PairTracker(x[None, :2], y[None, :2], ["encoder"], every=3)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=4)
quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
module = Mine()
L.Trainer(max_epochs=4, accelerator="cpu", callbacks=[tracker], **quiet).fit(module, loader)
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
