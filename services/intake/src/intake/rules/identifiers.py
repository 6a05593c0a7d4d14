"""Can this be the number of a prescriber? Formats and check digits, no registry."""

_DIGITS = 10
_NPI_LUHN_OF_PREFIX = 24
"""What the prefix 80840, under which NPIs are issued, adds to a Luhn sum."""


def is_npi(number: str) -> bool:
    """Say whether ten digits are an NPI by their check digit (Luhn under the prefix 80840)."""
    if len(number) != _DIGITS or not _are_digits(number) or number[0] not in "12":
        return False
    doubled = (2 * int(digit) for digit in number[-2::-2])
    single = (int(digit) for digit in number[-1::-2])
    total = _NPI_LUHN_OF_PREFIX + sum(map(_digit_sum, doubled)) + sum(single)
    return total % 10 == 0


def is_dea_number(number: str) -> bool:
    """Say whether two letters and seven digits are a DEA number by their check digit."""
    letters, digits = number[:2], number[2:]
    if not (letters.isascii() and letters.isalpha() and letters.isupper()):
        return False
    if len(digits) != _DIGITS - 3 or not _are_digits(digits):
        return False
    first, second, third, fourth, fifth, sixth, check = map(int, digits)
    return (first + third + fifth + 2 * (second + fourth + sixth)) % 10 == check


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _digit_sum(number: int) -> int:
    return sum(divmod(number, 10))
