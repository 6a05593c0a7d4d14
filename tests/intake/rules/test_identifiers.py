import pytest

from intake.rules.identifiers import is_dea_number, is_npi


class TestIsNpi:
    @pytest.mark.parametrize("number", ["1234567893", "1245319599", "2123456784"])
    def test_accepts_a_right_check_digit(self, number):
        """A rule that refuses everybody is also wrong."""
        assert is_npi(number)

    @pytest.mark.parametrize(
        "number",
        [
            pytest.param("1234567890", id="wrong check digit"),
            pytest.param("1324567893", id="two digits swapped"),
            pytest.param("0234567893", id="begins with 0"),
            pytest.param("3234567899", id="begins with 3"),
            pytest.param("123456789", id="nine digits"),
            pytest.param("12345678930", id="eleven digits"),
            pytest.param("", id="empty"),
            pytest.param("١٢٣٤٥٦٧٨٩٣", id="digits of another script"),
        ],
    )
    def test_refuses(self, number):
        """A slip of the keyboard names another prescriber, or nobody."""
        assert not is_npi(number)

    def test_catches_every_single_wrong_digit(self):
        """This is what a check digit is for."""
        slips = [
            "1234567893"[:place] + digit + "1234567893"[place + 1 :]
            for place in range(10)
            for digit in "0123456789"
        ]
        assert [slip for slip in slips if is_npi(slip)] == ["1234567893"] * 10


class TestIsDeaNumber:
    @pytest.mark.parametrize("number", ["AB1234563", "FA0000000", "BV7654329"])
    def test_accepts_a_right_check_digit(self, number):
        """1+3+5 is 9, twice 2+4+6 is 24, together 33: the last digit is 3."""
        assert is_dea_number(number)

    @pytest.mark.parametrize(
        "number",
        [
            pytest.param("AB1234564", id="wrong check digit"),
            pytest.param("ab1234563", id="small letters"),
            pytest.param("A11234563", id="one letter"),
            pytest.param("AB123456", id="six digits"),
            pytest.param("AB12345633", id="eight digits"),
            pytest.param("", id="empty"),
        ],
    )
    def test_refuses(self, number):
        """What does not add up was not printed on a prescription pad."""
        assert not is_dea_number(number)
