"""Personal data: what e-mail addresses, card numbers, phone numbers and IBANs look like, and which of those are ones.

A pattern finds candidates by the column; a check then looks at each, since no pattern can calculate a checksum or see
what stands after it.
"""

import re
from collections.abc import Callable, Mapping

# Tells of the candidate between two places of a text where it really ends, or that it is none.
Check = Callable[[str, int, int], int | None]

_COUNTRY = (  # calling codes in use
    r"(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-689][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[789][0-9]|8[0578][0-9]|9[679][0-9])"
)
PATTERNS: Mapping[str, str] = {
    "email": r"(?:^|[^A-Za-z0-9._%+-])(?P<secret>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}"
    r"@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24})",
    "iban": r"(?:^|[^A-Za-z0-9])(?P<secret>[A-Z]{2}[0-9]{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?)",
    "card_number": r"(?:^|[^0-9A-Za-z.+_-])"
    r"(?P<secret>[2-6][0-9]{3}(?:[ -][0-9]{4}){3}|3[47][0-9]{2}[ -][0-9]{6}[ -][0-9]{5}|[2-6][0-9]{12,18})",
    "phone": r"(?:^|[^0-9A-Za-z+./_-])(?P<secret>"
    rf"\+{_COUNTRY}(?:[ ./-]{{0,2}}(?:\([0-9]{{1,5}}\)|[0-9]{{1,5}})){{2,6}}"
    rf"|00{_COUNTRY}(?:[ /-](?:\([0-9]{{1,6}}\)|[0-9]{{1,6}})){{2,6}}"
    r"|\([2-9][0-9]{2}\)[ ]?[2-9][0-9]{2}-[0-9]{4}|[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4})",
}

_FILE = re.compile("css|csv|gif|gz|html|jpeg|jpg|js|json|md|pdf|png|py|svg|ts|txt|webp|xml|yaml|yml|zip", re.IGNORECASE)
_DOCUMENTATION = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|org|net))?|test|invalid|localhost|local)", re.IGNORECASE)
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE IL IQ TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_LEAST_PHONE_DIGITS, _MOST_PHONE_DIGITS, _NORTH_AMERICAN_DIGITS = 9, 15, 11


def _email_end(text: str, start: int, end: int) -> int | None:
    local, _, domain = text[start:end].partition("@")
    is_file = _FILE.fullmatch(domain.rpartition(".")[2])
    is_repository = local == "git" and text[end : end + 1] in (":", "/")
    return None if is_file or is_repository or _DOCUMENTATION.fullmatch(domain) else end


def _iban_end(text: str, start: int, end: int) -> int | None:
    """The pattern takes the capital letters after it along, so the country says how long it is."""
    length = _IBAN_LENGTHS.get(text[start : start + 2], 0)
    places = [place for place in range(start, end) if text[place] != " "][:length]
    if not length or len(places) < length or _goes_on(text, places[-1] + 1):
        return None
    code = "".join(text[place] for place in places)
    return places[-1] + 1 if int("".join(str(int(one, 36)) for one in code[4:] + code[:4])) % 97 == 1 else None


def _card_end(text: str, start: int, end: int) -> int | None:
    digits = re.sub(r"\D", "", text[start:end])
    if _goes_on(text, end) or len(digits) not in _card_lengths(digits) or len(set(digits)) == 1:
        return None
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return end if sum(number - 9 * (number > 9) for number in doubled) % 10 == 0 else None


def _card_lengths(digits: str) -> tuple[int, ...]:
    """How long a number of the issuer that it begins with is."""
    if digits[0] == "4":
        return (13, 16, 19)
    if digits[:2] in ("34", "37"):
        return (15,)
    if digits[:2] in ("36", "38") or "300" <= digits[:3] <= "305":
        return (14,)
    if "51" <= digits[:2] <= "55" or "2221" <= digits[:4] <= "2720" or "3528" <= digits[:4] <= "3589":
        return (16,)
    return (16, 17, 18, 19) if digits[:2] in ("62", "64", "65") or digits[:4] == "6011" else ()


def _phone_end(text: str, start: int, end: int) -> int | None:
    found = text[start:end]
    digits = re.sub(r"\D", "", found)
    if _goes_on(text, end):
        return None
    if found[0] == "+" and digits[0] == "1":
        is_area = len(digits) == _NORTH_AMERICAN_DIGITS and digits[1] >= "2" and digits[4] >= "2"
        return end if is_area else None
    return end if _LEAST_PHONE_DIGITS <= len(digits) <= _MOST_PHONE_DIGITS else None


def _goes_on(text: str, end: int) -> bool:
    """Whether a number or word that seemed to end here does not."""
    after = text[end : end + 2]
    return bool(re.match(r"[0-9A-Za-z_]|[.,-][0-9]", after))


CHECKS: Mapping[str, Check] = {
    "email": _email_end,
    "iban": _iban_end,
    "card_number": _card_end,
    "phone": _phone_end,
}
