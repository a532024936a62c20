"""Public ids are long, readable and never the same."""

from mentormatch.ids import ALPHABET, public_id


def test_an_id_is_sixteen_readable_characters():
    made = public_id()
    assert len(made) == 16
    assert set(made) <= set(ALPHABET)
    assert not set("01loi") & set(ALPHABET)


def test_ids_are_not_made_twice():
    assert len({public_id() for _ in range(1000)}) == 1000
