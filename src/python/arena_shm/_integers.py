"""Numbers as callers have them, as the package wants them."""

import operator

from .errors import _invalid


def integer(value, what, lowest=0, highest=2**64 - 1, doing="use"):
    """An integer, of any type that is one. Errors: InvalidType, InvalidArgument."""
    try:
        number = operator.index(value)
    except TypeError:
        raise _invalid(doing, f"an integer as {what}", value, "use int()", "invalid_type") from None
    if not lowest <= number <= highest:
        raise _invalid(doing, f"{what} from {lowest} to {highest}", value)
    return number


def position_of(value):
    """A place in a ring: for each lane an integer. Errors: InvalidType, InvalidArgument."""
    if not isinstance(value, (list, tuple)):
        raise _invalid("use", "a list with a sequence number for each lane", value, "see position", "invalid_type")
    return [integer(number, "a number of a position") for number in value]


def seconds(value, doing):
    """A time-out: a number of seconds, or None for ever. Errors: InvalidArgument, InvalidType."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _invalid(doing, "a number of seconds, or None, as timeout", value, "", "invalid_type") from None
    if number != number:
        raise _invalid(doing, "a number of seconds, or None, as timeout", value)
    return number
