"""A phone as people write it → E.164 digits, by libphonenumber's rules and no others.

Parsing with `phonenumbers` takes about 14 µs a number, a quarter of a minute per million. So there are two paths with
one verdict. The quick one takes plain digits whose (country calling code, length) libphonenumber calls possible and
which no dialling prefix could make ambiguous; its tables are read from libphonenumber's own metadata. All else
takes the exact path through `phonenumbers.parse`. `tests/phones/test_normalise.py` compares the two. A whole column
is checked by one regular expression that says the same of international numbers, at a fifth of the quick path's cost.

Possible means the length is right for the country; whether the range is in use (`valid`) is asked only on request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from reconciler.phones.problems import Wrong
from reconciler.phones.values import as_text, is_text

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata, PhoneNumberDesc

LONGEST_TEXT: Final = 64  # characters of a cell; the longest E.164 number has 17 digits, the rest is decoration

# What may stand between digits: spaces (no-break, figure, thin, …), dashes, dots, brackets, slashes, and the
# invisible marks that address books put around a number.
_BETWEEN: Final = re.compile(
    r"[\s\u2010-\u2015\u2212./()\[\]\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff-]+",
)
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?e[+-]?[0-9]+", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"\+?[0-9]{6,}[.,]0+")
_EXTENSION: Final = re.compile(r"[0-9)][\s.,;]*(?:x|ext|extn|extension|доб|#|[,;]+)[\s.:=]*[0-9]{1,7}$", re.IGNORECASE)
# As in 030 123456 / 57, which is also 030 123457; whoever took it for one number would call a stranger.
_SEVERAL: Final = re.compile(r"(?:[^0-9]*[0-9]){6,}[^0-9]*/[^0-9/]*(?:[0-9][^0-9/]*){1,3}")
_NEVER: Final = re.compile("(?!)")

_INTERNATIONAL: Final = "write it in international form, as in +1 650 …"
_SPREADSHEET: Final = "a spreadsheet did this: format the column as text and export the list again"


class _Region(NamedTuple):
    """How numbers of a region, or of several that share a calling code, are written."""

    code: str  # calling code, "" where there is none
    size: int  # of the calling code
    whole: frozenset[int]  # lengths of a number with its calling code
    lengths: frozenset[int]  # of a national number
    longest: int  # national number, also of those dialled only from nearby
    abroad: re.Pattern[str]  # what is dialled before a calling code
    trunk: re.Pattern[str]  # what is dialled before a national number
    is_trunk_plain: bool  # it holds no carrier code and rewrites nothing
    national: re.Pattern[str]  # what national numbers look like

    @property
    def whole_pattern(self) -> str:
        """What numbers look like that are surely possible as they stand, calling code included."""
        rests = "|".join(f"[0-9]{{{length - self.size}}}" for length in sorted(self.whole))
        return f"{self.code}(?!{self.trunk.pattern})(?:{rests})"

    def without_trunk(self, national: str) -> str:
        """The national number less its trunk prefix, exactly as libphonenumber decides; "" when that is not simple."""
        prefix = self.trunk.match(national)
        if not prefix:
            return national
        rest = national[prefix.end() :]
        if not self.is_trunk_plain:
            return ""
        if self.national.fullmatch(national) and not self.national.fullmatch(rest):
            return national  # an 8 that belongs to the number, as in +7 812 …
        return rest if len(rest) in self.lengths else ""


class _Regions(dict[str, _Region]):
    """Main regions by the first three digits of a number, which always tell the calling code; filled when asked."""

    def __missing__(self, start: str) -> _Region:
        code = _calling_code(start)
        self[start] = region = _region(code, _main_metadata(code)) if code else _NOWHERE
        return region


class Numbering:
    """Reads the phones of one list. `region` is the ISO 3166 country of national numbers, "" when there are none.

    Raises Wrong for a region that libphonenumber does not know.
    """

    def __init__(self, region: str = "", *, must_be_valid: bool = False) -> None:
        self.region, self.must_be_valid = region, must_be_valid
        self._regions = _Regions()
        self._home = _home(region) if region else None
        self._seen: dict[str, _Region] = {}  # by calling code
        self._plain = _NEVER  # the international numbers of those

    def column(self, cells: Sequence[Any]) -> list[str]:
        """The digits of each cell, "" for those that `digits` refuses."""
        if is_text(cells) and self._are_plain(cells):
            return "\n".join(cells).replace("+", "").split("\n")
        return [self._digits_or_none(cell) for cell in cells]

    def digits(self, text: str) -> str:
        """The phone's E.164 digits without `+`. Raises Wrong, which never quotes the text."""
        return self._quickly(text) or self._closely(text)

    def _digits_or_none(self, cell: Any) -> str:
        try:
            return self.digits(as_text(cell))
        except Wrong:
            return ""

    def _are_plain(self, cells: Sequence[str]) -> bool:
        """Whether `_quickly` would take all of them as they stand, a leading `+` aside."""
        if all(map(self._plain.fullmatch, cells)):
            return True
        if self.must_be_valid:
            return False
        starts = {cell.removeprefix("+")[:3] for cell in cells}
        regions = [self._regions[start] for start in starts if start.isdigit() and start.isascii()]
        seen = {region.code: region for region in regions if region.code}
        if seen.keys() <= self._seen.keys():
            return False
        self._seen.update(seen)
        self._plain = self._plain_pattern()
        return all(map(self._plain.fullmatch, cells))

    def _plain_pattern(self) -> re.Pattern[str]:
        international = "|".join(region.whole_pattern for region in self._seen.values())
        home = self._home
        if home is None:
            return re.compile(rf"\+?(?:{international})")
        if home.code not in self._seen:
            return re.compile(rf"\+(?:{international})")
        # Without + it is international only if it is too long for a national number and nothing dialled leads it.
        is_long = rf"(?!{home.abroad.pattern})(?=[0-9]{{{home.longest + 1}}})(?!{home.code}(?:{home.trunk.pattern}))"
        return re.compile(rf"\+(?:{international})|{is_long}{self._seen[home.code].whole_pattern}")

    def _quickly(self, text: str) -> str:
        """The digits of a plain number that is surely possible, or ""."""
        bare = text.removeprefix("+")
        if self.must_be_valid or not (bare.isdigit() and bare.isascii()):
            return ""
        if self._home is None or len(bare) < len(text):
            return self._plainly(bare)
        return self._nationally(bare, self._home)

    def _plainly(self, digits: str) -> str:
        region = self._regions[digits[:3]]
        if len(digits) in region.whole and not region.trunk.match(digits, region.size):
            return digits
        # A trunk prefix after the calling code may have to go, as the 0 of "+44 (0)20 …".
        national = region.without_trunk(digits[region.size :])
        return region.code + national if len(national) in region.lengths else ""

    def _nationally(self, bare: str, home: _Region) -> str:
        if bare.startswith("00") or home.abroad.match(bare):
            return ""
        if bare.startswith(home.code):
            if home.trunk.match(bare, home.size):
                return ""
            is_better_without = home.national.fullmatch(bare[home.size :]) and not home.national.fullmatch(bare)
            if is_better_without or len(bare) > home.longest:
                return self._plainly(bare)
        national = home.without_trunk(bare)
        possible = self._regions[home.code].lengths
        return home.code + national if len(national) in possible else ""

    def _closely(self, text: str) -> str:
        cleaned = self._with_plus(_cleaned(text))
        return self._quickly(cleaned) or self._exactly(cleaned)

    def _with_plus(self, cleaned: str) -> str:
        """The number with `+` where it is international. Raises Wrong where 00 can be read in two ways."""
        if cleaned.startswith("+") or (self._home and not cleaned.startswith("00")):
            return cleaned
        if self._home:
            dialled = self._home.abroad.match(cleaned)
            # In Brazil 0021 is a carrier, in Australia 0011 is what 00 is elsewhere: the wrong guess calls a stranger.
            if dialled and dialled.end() > 2:
                raise Wrong(f"starts with 00 and may be read in two ways in {self.region}", _INTERNATIONAL)
        return "+" + cleaned.removeprefix("00")

    def _exactly(self, cleaned: str) -> str:
        """The digits as `phonenumbers` reads them."""
        import phonenumbers  # 25 ms, and many runs read no phones

        # A region is only for what has no +: libphonenumber would drop a + that leads nowhere, and call a stranger.
        region = None if cleaned.startswith("+") else self.region
        try:
            number = phonenumbers.parse(cleaned, region)
        except phonenumbers.NumberParseException as error:
            is_code_unknown = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
            raise (self._unknown_code() if is_code_unknown else _wrong_length(cleaned)) from None
        verdict = phonenumbers.is_possible_number_with_reason(number)
        if verdict == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            raise Wrong("lacks its area code: it can only be dialled from nearby", _INTERNATIONAL)
        if verdict != phonenumbers.ValidationResult.IS_POSSIBLE:
            raise _wrong_length(cleaned)
        if self.must_be_valid and not phonenumbers.is_valid_number(number):
            raise Wrong("is in no range of numbers that is in use", "check it, or leave out `valid: true`")
        return f"{number.country_code}{phonenumbers.national_significant_number(number)}"

    def _unknown_code(self) -> Wrong:
        hint = "" if self.region else ", or name the `region` of national numbers"
        return Wrong("does not start with the calling code of any country", _INTERNATIONAL + hint)


def _cleaned(text: str) -> str:
    """Digits with at most one leading `+`. Raises Wrong for all that is no plain phone number."""
    text = text.strip()
    if not text:
        raise Wrong("is empty", "write a phone number")
    if len(text) > LONGEST_TEXT:
        raise Wrong("is too long to be a phone number", "one number in a cell, nothing else")
    if _SCIENTIFIC.fullmatch(text):
        raise Wrong("is in scientific notation, its last digits are lost", _SPREADSHEET)
    if _DECIMAL.fullmatch(text):
        raise Wrong("is written as a decimal number", _SPREADSHEET)
    if _EXTENSION.search(text):
        raise Wrong("has an extension, which cannot be dialled", "leave the extension out")
    if _SEVERAL.fullmatch(text):
        raise Wrong("may be two numbers, of which the second is only how the first would end", "one number in a cell")
    if any(map(str.isalpha, text)):
        raise Wrong("has letters in it", "write digits only")
    bare = _BETWEEN.sub("", text)
    digits = bare.removeprefix("+")
    if not (digits.isdigit() and digits.isascii()):
        raise Wrong("has characters that are not part of a phone number", "one number in a cell, nothing else")
    return bare


def _wrong_length(cleaned: str) -> Wrong:
    count = len(cleaned.removeprefix("+"))
    digits = f"{count} digit{'s' if count > 1 else ''}"
    if count < 7:
        return Wrong(f"has only {digits}; short codes cannot be called", _INTERNATIONAL)
    return Wrong(f"has {digits}, which no number of its country has", "look for missing or additional digits")


def _calling_code(start: str) -> str:
    """The country calling code that these first digits begin with, or ""."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    # No calling code starts with 0, and none is the start of another.
    sizes = () if start.startswith("0") else range(1, len(start) + 1)
    return next((start[:n] for n in sizes if int(start[:n]) in COUNTRY_CODE_TO_REGION_CODE), "")


def _main_metadata(code: str) -> PhoneMetadata:
    """What decides whether a number of this calling code is possible: the main one of the regions that share it."""
    from phonenumbers import PhoneMetadata, region_code_for_country_code

    main = region_code_for_country_code(int(code))
    found = PhoneMetadata.metadata_for_region_or_calling_code(int(code), main)
    return cast("PhoneMetadata", found)  # every calling code has it


def _home(name: str) -> _Region:
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(name, None)
    if metadata is None:
        raise Wrong("is not a country that has phone numbers", "two letters by ISO 3166, as US or GB")
    return _region(str(metadata.country_code), metadata)


def _region(code: str, metadata: PhoneMetadata) -> _Region:
    general = cast("PhoneNumberDesc", metadata.general_desc)  # every region has it
    trunk = _pattern(metadata.national_prefix_for_parsing)
    return _Region(
        code=code,
        size=len(code),
        whole=frozenset(len(code) + length for length in general.possible_length),
        lengths=frozenset(general.possible_length),
        longest=max([*general.possible_length, *general.possible_length_local_only]),
        abroad=_pattern(metadata.international_prefix),
        trunk=trunk,
        is_trunk_plain=not trunk.groups and not metadata.national_prefix_transform_rule,
        national=_pattern(general.national_number_pattern),
    )


def _pattern(source: str | None) -> re.Pattern[str]:
    return re.compile(source) if source else _NEVER


_NOWHERE: Final = _Region("", 0, frozenset(), frozenset(), 0, _NEVER, _NEVER, True, _NEVER)
