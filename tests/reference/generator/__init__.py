"""Texts of specs by chance: mostly right, and some with one kind of fault aimed at."""

from generator.program import FAULTS, OTHERS, program
from generator.tape import Tape

__all__ = ["FAULTS", "OTHERS", "Tape", "program"]
