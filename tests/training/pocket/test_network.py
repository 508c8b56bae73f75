"""The network computes rows independently, causally, and only what is asked of it."""

import pytest

torch = pytest.importorskip("torch")

from training.pocket.network import NetworkConfig, PocketNetwork  # noqa: E402
from training.pocket.optimiser import Optimiser, orthogonalise  # noqa: E402

SMALL = NetworkConfig(layers="cac", width=32, feed_forward=48, heads=2, vocabulary=64)


def network() -> PocketNetwork:
    torch.manual_seed(0)
    return PocketNetwork(SMALL)


def test_rows_of_a_batch_do_not_see_one_another() -> None:
    net = network()
    ids = torch.randint(0, 64, (3, 10))
    together = net(ids)
    alone = torch.cat([net(row[None]) for row in ids])
    assert torch.allclose(together, alone, atol=1e-5)


def test_a_token_changes_nothing_before_it() -> None:
    net = network()
    ids = torch.randint(0, 64, (1, 12))
    changed = ids.clone()
    changed[0, 7] = (changed[0, 7] + 1) % 64
    before, after = net(ids), net(changed)
    assert torch.allclose(before[0, :7], after[0, :7], atol=1e-6)
    assert not torch.allclose(before[0, 7:], after[0, 7:], atol=1e-3)


def test_losses_at_places_are_those_of_the_full_logits() -> None:
    net = network()
    ids = torch.randint(0, 64, (2, 9))
    places = torch.tensor([0, 4, 11])
    targets = torch.tensor([3, 5, 7])
    full = torch.log_softmax(net(ids).view(-1, 64)[places], -1)
    wanted = -full[torch.arange(3), targets]
    assert torch.allclose(net.token_losses(ids, places, targets), wanted, atol=1e-5)


def test_orthogonalised_matrices_have_singular_values_near_one() -> None:
    torch.manual_seed(0)
    result = orthogonalise(torch.randn(2, 48, 32)).float()
    values = torch.linalg.svdvals(result)
    assert values.min() > 0.3
    assert values.max() < 1.7


def test_the_optimiser_lowers_the_loss_and_restores_exactly() -> None:
    net = network()
    start = {name: weights.detach().clone() for name, weights in net.named_parameters()}
    live = {name: weights.data for name, weights in net.bfloat16().named_parameters()}
    gradients = {name: torch.zeros_like(weights) for name, weights in live.items()}
    for name, weights in net.named_parameters():
        weights.grad = gradients[name]
    optimiser = Optimiser(start, live, [gradients], weight_decay=0.0)
    ids = torch.randint(0, 64, (4, 16))
    places, targets = torch.arange(60), torch.randint(0, 64, (60,))

    def step() -> float:
        loss = net.token_losses(ids, places, targets).mean()
        loss.backward()
        optimiser.step(0.02, 0.003, batches=1)
        return float(loss.detach())

    first = [step() for _ in range(20)]
    assert first[-1] < 0.8 * first[0]
    state = {
        key: {n: t.clone() for n, t in value.items()} if isinstance(value, dict) else value
        for key, value in optimiser.state_dict().items()
    }
    after = [step() for _ in range(3)]
    optimiser.load_state_dict(state)
    assert [step() for _ in range(3)] == after
