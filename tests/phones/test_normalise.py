"""Phones become E.164 digits by libphonenumber's verdict, or a problem that does not quote them."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.phones.normalise import Numbering
from reconciler.phones.problems import Wrong

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CODES = sorted(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


def libphonenumbers_reading(text: str, region: str | None) -> str:
    """The digits by `phonenumbers` alone, "" when it does not take the number for possible."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    is_possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}" if is_possible else ""


def our_reading(text: str, region: str = "") -> str:
    """The digits, "" when there are none; a cell alone and a column of it are always read alike."""
    try:
        digits = Numbering(region).digits(text)
    except Wrong:
        digits = ""
    assert Numbering(region).column([text]) == [digits]
    return digits


def what_is_wrong(text: str, region: str = "", *, must_be_valid: bool = False) -> Wrong:
    with pytest.raises(Wrong) as caught:
        Numbering(region, must_be_valid=must_be_valid).digits(text)
    return caught.value


@st.composite
def national_numbers(draw: st.DrawFn, region: str) -> str:
    """Digits as people of a region may write them: an example number changed a little, or any digits."""
    known = phonenumbers.example_number(region)
    digits = draw(st.text("0123456789", min_size=2, max_size=15))
    if known and draw(st.booleans()):
        national = phonenumbers.national_significant_number(known)
        kept = draw(st.integers(0, len(national)))
        digits = national[:kept] + digits[: len(national) - kept]
    code = str(phonenumbers.country_code_for_region(region))
    return draw(st.sampled_from(["", "", code, "0", "8", "1", code + "0", code + "8"])) + digits


@given(st.sampled_from(CODES), st.sampled_from(["", "0", "8", "1"]), st.text("0123456789", min_size=1, max_size=15))
@example("1", "", "6500000042")
@example("44", "0", "2079460000")
@example("7", "8", "121234567")
def test_an_international_number_is_read_as_libphonenumber_reads_it(code: str, trunk: str, rest: str) -> None:
    text = f"+{code}{trunk}{rest}"
    assert our_reading(text) == libphonenumbers_reading(text, None)


@given(st.text("0123456789", min_size=1, max_size=17).filter(lambda digits: not digits.startswith("00")))
def test_digits_without_a_plus_are_international_where_no_region_is_given(digits: str) -> None:
    assert our_reading(digits) == libphonenumbers_reading("+" + digits, None)


@given(st.sampled_from(REGIONS), st.data())
def test_a_national_number_is_read_as_libphonenumber_reads_it(region: str, data: st.DataObject) -> None:
    text = data.draw(national_numbers(region).filter(lambda digits: not digits.startswith("00")))
    assert our_reading(text, region) == libphonenumbers_reading(text, region)


@given(st.sampled_from(REGIONS), st.data())
def test_decoration_changes_nothing(region: str, data: st.DataObject) -> None:
    plain = data.draw(national_numbers(region).filter(lambda digits: not digits.startswith("00")))
    marks = st.text(" \u00a0\u2009\u202f-\u2011–.()/\u202a", max_size=2)
    decorated = "".join(data.draw(marks) + digit for digit in plain)
    assert our_reading(decorated, region) in (our_reading(plain, region), "")  # "1.0" may be read as a decimal


@given(st.sampled_from(["", *REGIONS]), st.data())
def test_a_column_of_phones_is_read_as_its_cells_are(region: str, data: st.DataObject) -> None:
    home = national_numbers(region) if region else st.sampled_from(["16500000042", "442079460000"])
    abroad = st.sampled_from(REGIONS).flatmap(national_numbers).map("+{}".format)
    odd = st.sampled_from(["", "x", "+", "1650\n0000042", "16500000042\n", "²²²", "١٦٥٠٠٠٠٠٠٤٢", "+999123456"])
    numbering = Numbering(region)
    for cells in data.draw(
        st.lists(st.lists(home | abroad, min_size=1) | st.lists(odd | home, min_size=1), max_size=4)
    ):
        assert numbering.column(cells) == [our_reading(cell, region) for cell in cells]


@pytest.mark.parametrize("region", REGIONS)
def test_a_column_of_one_countrys_numbers_is_read_as_its_cells_are(region: str) -> None:
    known = [phonenumbers.example_number_for_type(region, type) for type in phonenumbers.PhoneNumberType.values()]
    numbers = [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in known if number]
    cells = [*numbers, *(number.removeprefix("+") for number in numbers)]
    for home in ("", region):
        numbering = Numbering(home)
        for cell in cells:  # each alone: one that is not plain decides for its column
            assert numbering.column([cell]) == [our_reading(cell, home)]


def test_a_foreign_number_without_a_plus_is_none_where_a_region_is_given() -> None:
    for cells in (["442079460000"], ["16500000042", "442079460000"], ["+442079460000", "442079460000"]):
        assert Numbering("US").column(cells)[-1] == ""


@given(st.sampled_from(CODES), st.sampled_from("018"), st.integers(5, 12), st.data())
def test_a_trunk_prefix_behind_a_calling_code_is_seen_in_a_column(
    code: str, trunk: str, size: int, data: st.DataObject
) -> None:
    text = code + trunk + data.draw(st.text("0123456789", min_size=size, max_size=size))
    assert Numbering().column([text]) == [libphonenumbers_reading("+" + text, None)]


def test_a_column_is_text_numbers_or_nothing_that_could_be_a_phone() -> None:
    assert Numbering().column(["16500000042", 16500000043, None, ["x"]]) == ["16500000042", "16500000043", "", ""]


def test_a_column_is_held_to_ranges_in_use_when_asked_for() -> None:
    assert Numbering(must_be_valid=True).column(["16502530000", "16500000042"]) == ["16502530000", ""]


@pytest.mark.parametrize(
    ("text", "region", "digits"),
    [
        ("16500000042", "", "16500000042"),
        ("+16500000042", "", "16500000042"),
        ("+1 (650) 000-0042", "", "16500000042"),
        ("\u202a+1\u00a0650\u2009000\u201100.42\u202c", "", "16500000042"),
        ("001 650 000 0042", "", "16500000042"),
        ("0044 20 7946 0000", "US", "442079460000"),
        ("0044 20 7946 0000", "GB", "442079460000"),
        ("0044 20 7946 0000", "AU", "442079460000"),
        ("+44 (0)20 7946 0000", "", "442079460000"),
        ("020 7946 0000", "GB", "442079460000"),
        ("030/1234567", "DE", "49301234567"),
        ("030 / 123 45 67", "DE", "49301234567"),
        ("+32 475/12.34.56", "", "32475123456"),
        ("+49 (0)30 / 1234", "", "49301234"),
        ("(650) 000-0042", "US", "16500000042"),
        ("1 650 000 0042", "US", "16500000042"),
        ("011 44 20 7946 0000", "US", "442079460000"),
        ("440207946000", "", "44207946000"),
        ("8 (916) 123-45-67", "RU", "79161234567"),
        ("79161234567", "RU", "79161234567"),
        ("+78121234567", "", "78121234567"),
        ("+7 916 123-45-67", "US", "79161234567"),
        ("+390612345678", "", "390612345678"),
        ("+80012345678", "", "80012345678"),
        ("4641234", "AG", "12684641234"),
    ],
)
def test_a_number_is_read_however_it_is_decorated(text: str, region: str, digits: str) -> None:
    assert Numbering(region).digits(text) == digits


@pytest.mark.parametrize(
    ("text", "region", "what"),
    [
        ("", "", "is empty"),
        (" \u00a0", "", "is empty"),
        ("1.65E+10", "", "scientific notation"),
        ("1,65e10", "", "scientific notation"),
        ("49301234560.0", "", "decimal number"),
        ("49301234560,00", "", "decimal number"),
        ("+1 650 000 0042 x12", "", "extension"),
        ("+1 650 000 0042 ext. 12", "", "extension"),
        ("+1 650 000 0042;ext=12", "", "extension"),
        ("+1 650 000 0042#12", "", "extension"),
        ("+7 495 123-45-67 доб. 12", "", "extension"),
        ("030 123456 / 57", "DE", "two numbers"),
        ("+49 30 91000091 / 92", "", "two numbers"),
        ("030/123456/7", "DE", "two numbers"),
        ("ask Ann", "", "letters"),
        ("tel:+16500000042", "", "letters"),
        ("+1650+0000042", "", "not part of a phone number"),
        ("'16500000042", "", "not part of a phone number"),
        ("+1 650 000 0042, +1 650 000 0043", "", "not part of a phone number"),
        ("١٦٥٠٠٠٠٠٠٤٢", "", "not part of a phone number"),
        ("²²²²²²²", "", "not part of a phone number"),
        ("+", "", "not part of a phone number"),
        ("-", "", "not part of a phone number"),
        ("1" * 65, "", "too long to be a phone number"),
        ("1" * 40, "", "40 digits"),
        ("911", "", "short codes"),
        ("911", "US", "short codes"),
        ("7", "US", "has only 1 digit;"),
        ("5550042", "US", "area code"),
        ("+15550042", "", "area code"),
        ("+1650000004", "", "10 digits"),
        ("79161234567", "US", "11 digits"),
        ("02079460000", "", "calling code"),
        ("+02079460000", "GB", "calling code"),
        ("+999123456", "", "calling code"),
        ("0021 1 650 000 0042", "BR", "two ways in BR"),
        ("0011 44 20 7946 0000", "AU", "two ways in AU"),
    ],
)
def test_what_is_no_number_gets_a_reason(text: str, region: str, what: str) -> None:
    assert what in what_is_wrong(text, region).what


@given(st.text("0123456789+-. ()/eExабвann#;,", max_size=70), st.sampled_from(["", "US", "RU", "DE"]))
@example("ask Ann on 1650000", "")
def test_a_reason_never_quotes_the_text(text: str, region: str) -> None:
    try:
        Numbering(region).digits(text)
    except Wrong as wrong:
        digits = "".join(letter for letter in text if letter in "0123456789")
        shown = f"{wrong.what} {wrong.fix}"
        assert len(digits) < 5 or digits not in shown
        assert "Ann" not in shown


def test_without_a_region_a_national_number_gets_a_hint_to_give_one() -> None:
    assert "name the `region`" in what_is_wrong("020 7946 0000").fix
    assert "name the `region`" not in what_is_wrong("+999123456", "GB").fix


def test_a_number_in_no_range_is_refused_only_when_valid_is_asked_for() -> None:
    assert Numbering().digits("+1 650 000 0042") == "16500000042"
    assert "no range" in what_is_wrong("+1 650 000 0042", must_be_valid=True).what
    assert Numbering(must_be_valid=True).digits("+1 650 253 0000") == "16502530000"
    assert Numbering("US", must_be_valid=True).digits("650 253 0000") == "16502530000"


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(Wrong, match="not a country"):
        Numbering("XX")
