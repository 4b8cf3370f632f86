#!/usr/bin/env python3
"""Learning rates of PyTorch's schedulers, step by step: tests/data/schedules.json.

    scripts/reference/schedule_values.py      (needs torch; CI never runs this: the result is in the repository)
"""
import json
import pathlib
import warnings

import torch

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "schedules.json"
S = torch.optim.lr_scheduler
warnings.simplefilter("ignore")


def rates(make, base, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = make(optimizer)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


def plateau(losses, base, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = S.ReduceLROnPlateau(optimizer, threshold_mode="abs", eps=0, **options)
    out = []
    for loss in losses:
        scheduler.step(loss)
        out.append(optimizer.param_groups[0]["lr"])
    return out


LOSSES = [5, 4, 4, 4.5, 3.9, 3.95, 3.95, 3.95, 3.95, 3.95, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2.99, 2.99, 2.99, 2.99, 2.99, 2.99, 2.99]
result = {
    "made_by": "scripts/reference/schedule_values.py",
    "torch": torch.__version__,
    "step_decay": rates(lambda o: S.StepLR(o, step_size=7, gamma=0.3), 0.5, 40),
    "exponential": rates(lambda o: S.ExponentialLR(o, gamma=0.97), 0.5, 200),
    "cosine": rates(lambda o: S.CosineAnnealingLR(o, T_max=50, eta_min=0.01), 0.4, 51),
    "linear_warmup": rates(lambda o: S.LinearLR(o, start_factor=1 / 8, total_iters=7), 0.4, 20),
    "one_cycle": rates(lambda o: S.OneCycleLR(o, max_lr=0.4, total_steps=60, pct_start=0.3, div_factor=25, final_div_factor=1e4), 0.1, 60),
    "one_cycle_2": rates(lambda o: S.OneCycleLR(o, max_lr=2.0, total_steps=11, pct_start=0.5, div_factor=4, final_div_factor=10), 0.1, 11),
    "losses": LOSSES,
    "plateau": plateau(LOSSES, 1.0, factor=0.1, patience=2),
    "plateau_cooldown": plateau(LOSSES, 1.0, factor=0.5, patience=1, cooldown=2, threshold=0.02, min_lr=0.2),
}
OUT.write_text(json.dumps(result, separators=(",", ":")).replace('],"', '],\n"') + "\n")
print(OUT, OUT.stat().st_size, "bytes, torch", torch.__version__)
