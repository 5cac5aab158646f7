"""Numbers as callers have them, as the extension wants them."""

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
