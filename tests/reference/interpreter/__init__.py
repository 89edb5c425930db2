"""The reference interpreter: runs a typed program by one schedule and keeps book of who saw what.
It shares the program's dataclasses with the compiler, and nothing else."""

from interpreter.book import Violation
from interpreter.execution import Execution, execute
from interpreter.schedule import Dice, Schedule, Trial, trials, usually

__all__ = ["Dice", "Execution", "Schedule", "Trial", "Violation", "execute", "trials", "usually"]
