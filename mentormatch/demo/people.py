"""Who is in the demo. Made up, every one of them."""

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mentormatch.mentors.profile import ProfileFields

PASSWORD = "demo-mentormatch"  # noqa: S105  # everyone's, and printed at the start
WEEKDAYS = range(5)
EVERY_DAY = range(7)


@dataclass(frozen=True)
class Person:
    """An account. `role` says in the list of log-ins what it is good for."""

    email: str
    name: str
    zone: str
    role: str | Promise = ""
    staff: bool = False


@dataclass(frozen=True)
class Hours:
    """Open on these days from one full hour to another, on the mentor's wall."""

    days: range
    first: int
    last: int


@dataclass(frozen=True)
class Mentor:
    """A profile; rates in minor units, trial `None` for none."""

    person: Person
    headline: str
    bio: str
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    country: str
    hourly: int
    currency: str = "eur"
    trial: int | None = 0
    hours: tuple[Hours, ...] = (Hours(WEEKDAYS, 9, 17),)
    lengths: tuple[int, ...] = (30, 60)
    step: int = 30
    notice: int = 12 * 60
    approval: bool = False
    more: ProfileFields = field(default_factory=ProfileFields)


MENTEE = Person("mentee@example.com", "Jamie Novak", "Europe/Prague", _("books, pays, reviews"))
MENTEE2 = Person("mentee2@example.com", "Robin Tremblay", "America/Toronto", _("a second mentee"))
STAFF = Person("staff@example.com", "Toni Berger", "Europe/Berlin", _("the admin"), staff=True)

MENTOR = Mentor(
    Person("mentor@example.com", "Amelie Brandt", "Europe/Berlin", _("a mentor, paid in euros")),
    "Python and Django, from the first deploy to the tenth rewrite",
    "I have built and run web applications for sixteen years, most of them in Django and most of "
    "them longer-lived than anyone planned. Bring your code, your data model or the outage you "
    "still don't understand: we read it together until it is clear what to do on Monday.\n\n"
    "People come to me before a first job, before a launch, and after something went wrong.",
    ("Python", "Software architecture", "Databases"),
    ("de", "en"),
    "DE",
    6000,
    hours=(Hours(EVERY_DAY, 9, 17),),
    lengths=(30, 60, 90),
    notice=60,
)
MENTOR2 = Mentor(
    Person(
        "mentor2@example.com",
        "Marcus Whitfield",
        "America/New_York",
        _("answers each request first"),
    ),
    "Product leadership without the theatre",
    "Former VP of Product at two companies you have used this week. I help new product leads find "
    "out what their job is, say no in a way that sticks, and run a roadmap that survives a "
    "quarter.\n\nI read what you send me beforehand, so please send something.",
    ("Product management", "Leadership"),
    ("en",),
    "US",
    12000,
    currency="usd",
    approval=True,
    more={"horizon_days": 30},
)
MENTOR3 = Mentor(
    Person(
        "mentor3@example.com",
        "Noor Haddad",
        "Europe/Lisbon",
        _("open round the clock: meet at once"),
    ),
    "Interview practice whenever you need it, also at three in the morning",
    "I have sat on the other side of the table for more than six hundred interviews. We do a "
    "realistic one, then I tell you plainly what I would have written in the feedback form.\n\n"
    "My hours are strange because my clients live everywhere: if it says free, it is free.",
    ("Interviews", "Career change"),
    ("en", "ar", "fr"),
    "PT",
    4500,
    hours=(Hours(EVERY_DAY, 0, 24),),
    step=10,
    notice=0,
)

DIEGO = Mentor(
    Person("diego.alvarez@example.com", "Diego Álvarez", "Europe/Madrid"),
    "Front-end work that is still pleasant a year later",
    "TypeScript, accessibility, and the patience to delete code. I pair with you on your own "
    "repository and leave you with fewer dependencies than you came with.",
    ("Front-end", "Software architecture"),
    ("es", "en"),
    "ES",
    5000,
    hours=(Hours(EVERY_DAY, 16, 22),),
    lengths=(30, 60, 120),
    notice=4 * 60,
)

OTHERS = (
    Mentor(
        Person("tomas.ribeiro@example.com", "Tomás Ribeiro", "Europe/Lisbon"),
        "UX research that changes the product, not the slide deck",
        "Ten years of watching people use software and trying not to help them. I can review your "
        "study plan, sit in on an interview, or help you tell a team what it doesn't want to hear.",
        ("User research", "Design"),
        ("pt", "en", "es"),
        "PT",
        5500,
        hours=(Hours(WEEKDAYS, 10, 13), Hours(WEEKDAYS, 15, 19)),
        more={"buffer_after_minutes": 15},
    ),
    Mentor(
        Person("ingrid.solheim@example.com", "Ingrid Solheim", "Europe/Oslo"),
        "Machine learning that earns its keep in production",
        "I lead a forecasting team at a power company. Most of my sessions are about the parts "
        "that courses leave out: bad labels, drifting data, and explaining a model to the person "
        "who has to trust it.",
        ("Data science", "Python"),
        ("no", "en"),
        "NO",
        9000,
        lengths=(45, 90),
        step=15,
    ),
    Mentor(
        Person("priya.raman@example.com", "Priya Raman", "Europe/London"),
        "From senior engineer to a manager people want to keep",
        "I have made the move twice and coached some forty others through it. We talk about your "
        "real week: the one-to-one you dread, the promotion you can't get through, the team that "
        "doesn't talk to each other.",
        ("Leadership", "Career change"),
        ("en", "hi"),
        "GB",
        11000,
        hours=(Hours(range(4), 7, 10), Hours(range(4), 17, 20)),
        more={"daily_cap": 3},
    ),
    Mentor(
        Person("luca.moretti@example.com", "Luca Moretti", "Europe/Rome"),
        "Raising a first round, and deciding whether you should",
        "Founder of two companies, investor in eleven. I read decks with a pencil and ask what "
        "your investors will ask. Sometimes the best outcome of our hour is that you don't raise.",
        ("Start-ups", "Finance"),
        ("it", "en"),
        "IT",
        15000,
        trial=4000,
        lengths=(60,),
        more={"horizon_days": 21},
    ),
    Mentor(
        Person("hannah.weiss@example.com", "Hannah Weiss", "Europe/Vienna"),
        "Speak so that people remember it on the way home",
        "Actor by training, speech coach for fifteen years. We work on your talk, not on talks in "
        "general: bring it half-finished. In German or English, on camera or off.",
        ("Public speaking", "Communication"),
        ("de", "en"),
        "AT",
        7000,
        hours=(Hours(range(1, 6), 12, 20),),
    ),
    DIEGO,
    Mentor(
        Person("grace.okonkwo@example.com", "Grace Okonkwo", "America/Chicago"),
        "Read a balance sheet as if it were a story",
        "Chartered accountant, then CFO of a hospital group. I teach founders and new managers to "
        "read their own numbers, and to see the trouble two quarters before it comes.",
        ("Finance", "Leadership"),
        ("en",),
        "US",
        8000,
        currency="usd",
        trial=None,
    ),
    Mentor(
        Person("jonas.lindqvist@example.com", "Jonas Lindqvist", "Europe/Stockholm"),
        "Calm operations: fewer pages, better sleep",
        "Site reliability for a payment company. We look at your alerts, your deploys and your "
        "last three incidents, and choose the two things worth doing first.",
        ("Operations", "Databases"),
        ("sv", "en", "de"),
        "SE",
        9500,
        hours=(Hours(WEEKDAYS, 8, 16),),
        more={"buffer_before_minutes": 10},
    ),
    Mentor(
        Person("mei.tanaka@example.com", "Mei Tanaka", "America/Los_Angeles"),
        "Product design portfolios that get you the second call",
        "Design lead at a company of four thousand. I have read more portfolios than novels. "
        "Fifteen minutes are enough to see what is missing, an hour is enough to fix the start.",
        ("Design", "Interviews"),
        ("en", "ja"),
        "US",
        14000,
        currency="usd",
        lengths=(15, 60),
        step=15,
        hours=(Hours(WEEKDAYS, 8, 12),),
    ),
    Mentor(
        Person("elodie.fournier@example.com", "Élodie Fournier", "Europe/Paris"),
        "Freelancing with prices you can say out loud",
        "Translator, then agency owner, now somebody who answers the questions I had. Contracts, "
        "late payers, the first no, and what to charge. Bring a real offer and we rewrite it.",
        ("Freelancing", "Communication"),
        ("fr", "en"),
        "FR",
        6500,
        hours=(Hours(range(1, 5), 9, 18),),
    ),
)
MENTORS = (MENTOR, MENTOR2, MENTOR3, *OTHERS)

SAM = Person("sam.okafor@example.com", "Sam Okafor", "Africa/Lagos")
LEA = Person("lea.krueger@example.com", "Lea Krüger", "Europe/Berlin")
BEN = Person("ben.murphy@example.com", "Ben Murphy", "Europe/Dublin")
AISHA = Person("aisha.rahman@example.com", "Aisha Rahman", "Asia/Dubai")
PAVEL = Person("pavel.dvorak@example.com", "Pavel Dvořák", "Europe/Prague")
CARLA = Person("carla.ruiz@example.com", "Carla Ruiz", "America/Mexico_City")

# The log-ins that are printed and offered with one click.
LOG_INS = (MENTEE, MENTEE2, MENTOR.person, MENTOR2.person, MENTOR3.person, STAFF)
EVERYONE = (
    *(MENTEE, MENTEE2, STAFF),
    *(mentor.person for mentor in MENTORS),
    *(SAM, LEA, BEN, AISHA, PAVEL, CARLA),
)
