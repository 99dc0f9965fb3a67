"""Payers' and guidelines' rules for a repeat: versioned data, and a pure evaluator. It never approves anything."""

from .case import Block, Case, Estimate, FunctionGain, ReliefHeld, Session
from .checks import RuleFound
from .evaluate import Evaluation, evaluate
from .loading import BadPolicyError, load, load_text, policies
from .model import Policy, PolicyRule, Version

__all__ = [
    "BadPolicyError",
    "Block",
    "Case",
    "Estimate",
    "Evaluation",
    "FunctionGain",
    "Policy",
    "PolicyRule",
    "ReliefHeld",
    "RuleFound",
    "Session",
    "Version",
    "evaluate",
    "load",
    "load_text",
    "policies",
]
