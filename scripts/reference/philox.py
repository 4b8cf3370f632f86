"""The draws of lanc, made independently of it: Philox4x32-10 from the paper (Salmon et al. 2011), named keys, uniforms.

Imported by op_values.py, so that case tables ask for draws by name; run by itself it checks the generator against the known-answer vectors
of the authors' Random123 library (kat_vectors, philox4x32 with 10 rounds).
"""

import torch

MASK32, MASK64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF

KNOWN_ANSWERS = [  # counter, key, result
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((MASK32,) * 4, (MASK32,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


def philox4x32_10(counter, key):
    x0, x1, x2, x3 = counter
    k0, k1 = key
    for _ in range(10):
        product0, product1 = 0xD2511F53 * x0, 0xCD9E8D57 * x2
        x0, x1, x2, x3 = (product1 >> 32) ^ x1 ^ k0, product1 & MASK32, (product0 >> 32) ^ x3 ^ k1, product0 & MASK32
        k0, k1 = (k0 + 0x9E3779B9) & MASK32, (k1 + 0xBB67AE85) & MASK32
    return x0, x1, x2, x3


for _counter, _key, _result in KNOWN_ANSWERS:
    assert philox4x32_10(_counter, _key) == _result, "not Philox4x32-10"


def splitmix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def named_key(path, name):
    h = 0xCBF29CE484222325
    for byte in path.encode() + b"\0" + name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK64
    return splitmix(h)


def words(key, count, seed, step):
    """`count` 32-bit words of a draw."""
    key = splitmix(key ^ splitmix(seed & MASK64))
    out = []
    for block in range((count + 3) // 4):
        out += philox4x32_10((block & MASK32, block >> 32, step & MASK32, (step & MASK64) >> 32), (key & MASK32, key >> 32))
    return out[:count]


def count_of(shape):
    n = 1
    for size in shape:
        n *= size
    return n


def uniform(bits, path, shape, name="", seed=7, step=0, second=False):
    """float64 tensor of uniforms with the resolution of f32 (bits 32) or f64 (64). second: the angle of a normal."""
    key, n = named_key(path, name), count_of(shape)
    if second:
        key = splitmix(key)
    if bits == 32:
        values = [(w >> 8) * 2.0**-24 for w in words(key, n, seed, step)]
    else:
        w = words(key, 2 * n, seed, step)
        values = [(((w[2 * i + 1] << 32) | w[2 * i]) >> 11) * 2.0**-53 for i in range(n)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def normal(bits, path, shape, name="", seed=7, step=0):
    radius, angle = uniform(bits, path, shape, name, seed, step), uniform(bits, path, shape, name, seed, step, second=True)
    return torch.sqrt(-2 * torch.log(1 - radius)) * torch.cos(2 * torch.pi * angle)


def gumbel(bits, path, shape, name="", seed=7, step=0):
    u = uniform(bits, path, shape, name, seed, step).clamp(min=2.0**-25 if bits == 32 else 2.0**-54)
    return -torch.log(-torch.log1p(-u))


def truncated(path, shape, low, high, name="", seed=7, step=0):
    from scipy.stats import truncnorm
    return torch.as_tensor(truncnorm.ppf(uniform(64, path, shape, name, seed, step).numpy(), low, high))


def permutation(path, size, name="", seed=7, step=0):
    w = words(named_key(path, name), 2 * size, seed, step)
    return torch.tensor(sorted(range(size), key=lambda i: ((w[2 * i + 1] << 32) | w[2 * i], i)), dtype=torch.int64)


if __name__ == "__main__":
    print(f"{len(KNOWN_ANSWERS)} known answers of Philox4x32-10 reproduced")
