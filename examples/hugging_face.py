"""
A model of Hugging Face
=======================

BERT in miniature, with weights drawn at random: inputs are keywords, the output is an object, and sequences end where
they end. ``forward`` says how it is called, ``Layer`` what the representation of a sequence is.
"""

import torch
from repdyn.experiments import Layer, PairRecorder, diagnose, draw_layer, sample_pairs
from torch.utils.data import StackDataset
from transformers import BertConfig, BertForSequenceClassification

torch.manual_seed(0)
tokens, length = torch.randint(1, 30, (256, 10)), torch.randint(4, 11, (256, 1))
mask = (torch.arange(10) < length).long()
labels = (((tokens < 15) * mask).sum(1) * 2 > length[:, 0]).long()
data = StackDataset(input_ids=tokens * mask, attention_mask=mask, labels=labels)

sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
config = BertConfig(vocab_size=30, intermediate_size=64, max_position_embeddings=16, **sizes)
network = BertForSequenceClassification(config)
pairs = sample_pairs(data, 30, points=24)
layers = [Layer(f"bert.encoder.layer.{k}", pool="mean", mask="attention_mask") for k in (0, 1)]
recorder = PairRecorder(
    network,
    *(pairs.inputs, pairs.targets, layers),
    forward=lambda module, inputs: module(**inputs).logits.softmax(1),
    dx2=Layer("bert.embeddings", pool="mean", mask="attention_mask"),
)
optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
for step in range(201):
    if step % 4 == 0:
        recorder.record(step)
    if step in (0, 200):
        recorder.observe()
    batch = torch.randint(256, (32,))
    optimiser.zero_grad()
    network(**data[batch]).loss.backward()
    optimiser.step()
diagnosis = diagnose(recorder)
print(diagnosis)

# %%
# Outputs, as probabilities, are met; representations only in outline: their distances grow thirtyfold, not along the
# conserved line, and the decoder above the first block is far from linear.

figure = draw_layer(diagnosis["bert.encoder.layer.1"])
figure.savefig("hugging_face.png")
