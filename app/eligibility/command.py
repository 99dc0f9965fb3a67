"""The call `reprieve policy check`."""

import sys

from app.rules.policies import BadPolicyError, load


def check(file: str) -> int:
    """Says whether a file is a policy; 1 with the line at fault where it is none, 2 where it can't be read."""
    try:
        policy = load(file)
    except BadPolicyError as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"reprieve: {file}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{policy.name}: good; {policy.title}")
    for version in policy.versions:
        until = f"to {version.in_force_to}" if version.in_force_to else "on"
        known = f"verified by {version.verified_by}" if version.verified_by else "unverified"
        rules = ", ".join(rule.name for rule in version.rules)
        print(f"  version {version.version}, in force from {version.in_force_from} {until}, {known}: {rules}")
    return 0
