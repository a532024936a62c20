"""What people said of trials they had in the past weeks: mentor, mentee, days ago, stars, words."""

from dataclasses import dataclass

from mentormatch.demo.people import AISHA, BEN, CARLA, LEA, PAVEL, SAM, Person


@dataclass(frozen=True)
class PastTrial:
    """A free first talk and the review that came of it."""

    mentor: str
    mentee: Person
    days_ago: int
    rating: int
    comment: str


def _of(mentor: str, *trials: tuple[Person, int, int, str]) -> list[PastTrial]:
    return [PastTrial(f"{mentor}@example.com", *trial) for trial in trials]


PAST_TRIALS = [
    *_of(
        "mentor",
        (SAM, 41, 5, "Found in half an hour what we had been circling for two weeks."),
        (LEA, 27, 5, "Clear, kind, and no showing off. I left with a list of three things."),
        (BEN, 13, 4, "Very good on databases. I would have liked a little more on tests."),
    ),
    *_of(
        "mentor2",
        (AISHA, 30, 5, "He had read my roadmap. All of it. And then he crossed out half."),
        (PAVEL, 18, 4, "Direct, which I needed. Book early, his weeks fill up."),
    ),
    *_of(
        "mentor3",
        (CARLA, 22, 5, "Practised at midnight, got the offer at noon."),
        (SAM, 9, 5, "The feedback was uncomfortable and exactly right."),
        (LEA, 5, 4, "Realistic questions and a fair verdict."),
    ),
    *_of(
        "tomas.ribeiro",
        (BEN, 33, 5, "Our interview guide was leading in nine of twelve questions. Now it isn't."),
        (AISHA, 11, 4, "Patient and precise."),
    ),
    *_of(
        "ingrid.solheim",
        (PAVEL, 24, 5, "Finally somebody who asks where the labels come from."),
        (CARLA, 16, 5, "She drew the whole pipeline on one page. It hangs above my desk."),
        (BEN, 8, 5, "Worth it for the talk about drift alone."),
    ),
    *_of(
        "priya.raman",
        (SAM, 37, 5, "I went in afraid of my first one-to-one and came out with a plan."),
        (PAVEL, 15, 5, ""),
    ),
    *_of(
        "hannah.weiss",
        (LEA, 20, 5, "My talk is half as long and twice as good."),
        (CARLA, 10, 3, "Good exercises. The connection was poor, so we lost ten minutes."),
    ),
    *_of(
        "diego.alvarez",
        (AISHA, 28, 4, "We deleted four hundred lines. Nothing broke."),
        (LEA, 12, 5, "Explains accessibility without a raised finger."),
        (SAM, 6, 4, ""),
    ),
    *_of("jonas.lindqvist", (BEN, 19, 5, "We turned off sixty alerts and nobody has missed one.")),
    *_of("mei.tanaka", (PAVEL, 21, 4, "Honest. My second page is now my first.")),
]
