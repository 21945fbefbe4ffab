"""What several values of a policy say together, once the models have checked each value alone."""

from __future__ import annotations

from rebalance_kit.policy.allocation_rules import allocation_problems
from rebalance_kit.policy.model import Policy
from rebalance_kit.policy.problems import Problem, policy_error
from rebalance_kit.policy.settings_rules import settings_problems
from rebalance_kit.policy.tracking_rules import tracking_problems


def policy_problems(policy: Policy) -> tuple[Problem, ...]:
    """Every contradiction within a policy; none means that the policy can be used."""
    return (*allocation_problems(policy), *settings_problems(policy), *tracking_problems(policy))


def require_consistent(policy: Policy, source: str) -> None:
    """Refuse a policy that was changed in the program (`Policy.with_targets`) and no longer holds together.

    PolicyError with the first problem, the others in `.more`; `source` says what was changed.
    """
    problems = policy_problems(policy)
    if problems:
        raise policy_error(problems, source)
