import pytest

from notice_builders import PACK, VISIT, a_client, a_site, a_visit
from notifications.rules.letters import write_letter


def written(item="k06-day-before", *, visit=None, client=None, site=None):
    about = (visit or a_visit(), client or a_client(), site or a_site())
    return write_letter(VISIT, item, about=about, pack=PACK)


class TestWriteLetter:
    """K-WORDING: a letter holds a clinic, a day, a time and a telephone number."""

    def test_writes_in_the_client_s_language(self):
        """What cannot be read reminds nobody."""
        letter = written(client=a_client(language="es")).letter

        assert letter.subject == "Harbor Nashville: su cita del mar 8/12"
        assert "10:00 CST" in letter.body

    def test_names_nobody(self):
        """An e-mail may be read by others."""
        letter = written().letter

        assert letter.to == "robin@example.org"
        assert "Robin" not in letter.subject + letter.body

    def test_waits_for_the_site(self):
        """Without the clinic's name it would look like spam."""
        about = (a_visit(), a_client(), None)

        assert write_letter(VISIT, "k06-day-before", about=about, pack=PACK) == (
            None,
            ("SITE_UNKNOWN",),
        )

    def test_holds_where_the_clinic_s_own_name_is_not_neutral(self):
        """The pack was checked, but the name comes from elsewhere."""
        assert written(site=a_site(name="Nashville Ketamine Center")).why == (
            "WORDING_NOT_NEUTRAL",
        )

    @pytest.mark.parametrize(
        ("client", "why"),
        [
            ({"language": "other"}, "LANGUAGE_NOT_OFFERED"),
            ({"zone": "Mars/Olympus"}, "ZONE_UNKNOWN"),
            ({"email": None}, "ADDRESS_MISSING"),
        ],
    )
    def test_says_what_is_missing(self, client, why):
        """It may have changed since the notice was claimed."""
        assert written(client=a_client(**client)) == (None, (why,))
