"""The words the generator draws from: people, places, goods, reasons."""

FIRST_NAMES = (
    "Ada", "Alma", "Amir", "Ana", "Anders", "Beatriz", "Bo", "Carla", "Caspian", "Dara", "Dev", "Edith",
    "Elif", "Emeka", "Esme", "Farah", "Felix", "Gwen", "Hana", "Hugo", "Ines", "Ivo", "Jada", "Jonas",
    "Kaia", "Kenji", "Lars", "Leila", "Lena", "Luca", "Maeve", "Mateo", "Mina", "Nadia", "Nils", "Nora",
    "Omar", "Otis", "Petra", "Priya", "Quinn", "Rafael", "Rosa", "Sami", "Selma", "Soren", "Tara",
    "Theo", "Uma", "Vera", "Wes", "Xenia", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Almeida", "Andersson", "Baptiste", "Becker", "Bianchi", "Brandt", "Castillo", "Chen",
    "Clarke", "Costa", "Dalgaard", "Dubois", "Ekström", "Fischer", "Fontaine", "Garcia", "Haddad",
    "Hansen", "Hughes", "Ibarra", "Ivanova", "Jansen", "Kaplan", "Kowalski", "Larsen", "Lindqvist",
    "Lopez", "Marsh", "Meyer", "Mbeki", "Morales", "Nakamura", "Novak", "Okafor", "Olsen", "Park",
    "Patel", "Petrov", "Quist", "Ramos", "Rossi", "Sato", "Schmidt", "Silva", "Sorensen", "Tanaka",
    "Thorne", "Ueda", "Vance", "Varga", "Weber", "Whitlock", "Xu", "Yilmaz", "Zhang",
)  # fmt: skip

CITIES = (
    ("Portland", "Oregon", "West"),
    ("Seattle", "Washington", "West"),
    ("San Francisco", "California", "West"),
    ("Los Angeles", "California", "West"),
    ("Denver", "Colorado", "Mountain"),
    ("Boulder", "Colorado", "Mountain"),
    ("Salt Lake City", "Utah", "Mountain"),
    ("Bozeman", "Montana", "Mountain"),
    ("Minneapolis", "Minnesota", "Midwest"),
    ("Chicago", "Illinois", "Midwest"),
    ("Madison", "Wisconsin", "Midwest"),
    ("Austin", "Texas", "South"),
    ("Asheville", "North Carolina", "South"),
    ("Atlanta", "Georgia", "South"),
    ("Burlington", "Vermont", "East"),
    ("Boston", "Massachusetts", "East"),
    ("New York", "New York", "East"),
)

STORES = (
    # name, city, time zone, opened, closed, square feet
    ("Pearl District", "Portland", "America/Los_Angeles", "2016-04-09", None, 14200),
    ("Ballard", "Seattle", "America/Los_Angeles", "2017-09-16", None, 11800),
    ("Presidio", "San Francisco", "America/Los_Angeles", "2019-05-04", None, 9600),
    ("Union Station", "Denver", "America/Denver", "2014-03-22", None, 18500),
    ("Pearl Street", "Boulder", "America/Denver", "2015-06-13", "2025-06-30", 7200),
    ("Sugar House", "Salt Lake City", "America/Denver", "2018-10-06", None, 12400),
    ("North Loop", "Minneapolis", "America/Chicago", "2020-08-15", None, 10100),
    ("Wicker Park", "Chicago", "America/Chicago", "2021-04-17", None, 13300),
    ("South Congress", "Austin", "America/Chicago", "2022-11-05", None, 9900),
    ("River Arts", "Asheville", "America/New_York", "2023-09-09", None, 8100),
    ("Church Street", "Burlington", "America/New_York", "2019-11-02", None, 7700),
    ("Seaport", "Boston", "America/New_York", "2025-03-15", None, 12900),
)

CATEGORIES = {
    # category: kinds, lowest and highest list price in dollars
    "Tents": (("Two-Person Tent", "Four-Person Tent", "Bivy", "Tarp Shelter"), 89, 649),
    "Backpacks": (("Day Pack", "Trekking Pack", "Hydration Pack", "Travel Pack"), 49, 349),
    "Sleeping Bags": (("Down Bag", "Synthetic Bag", "Summer Quilt", "Bag Liner"), 39, 499),
    "Footwear": (("Hiking Boots", "Trail Runners", "Approach Shoes", "Camp Sandals"), 55, 269),
    "Jackets": (("Rain Shell", "Down Jacket", "Fleece", "Wind Jacket"), 69, 449),
    "Climbing": (("Harness", "Rope 60m", "Carabiner Set", "Chalk Bag"), 15, 289),
    "Cooking": (("Stove", "Cook Set", "Water Filter", "Insulated Mug"), 18, 179),
    "Accessories": (("Headlamp", "Trekking Poles", "Dry Sack", "Wool Socks", "Map Case"), 9, 149),
}
BRANDS = ("Fernhill", "Tarnworks", "Skarn", "Nordvei", "Blue Larch", "Kestrel & Co")
LINES = ("Alder", "Cairn", "Drift", "Ember", "Firn", "Gale", "Heron", "Isle")

ACQUISITION_CHANNELS = ("organic search", "paid search", "social media", "referral", "email", "in store")
TRAFFIC_SOURCES = ("direct", "organic search", "paid search", "social media", "email")
DEVICES = ("mobile", "desktop", "tablet")
PAYMENT_METHODS = ("card", "paypal", "gift card", "cash")
REFUND_REASONS = ("wrong size", "changed mind", "damaged", "defective", "late delivery")
TICKET_TOPICS = ("delivery", "returns", "sizing advice", "billing", "membership", "product defect")
TICKET_CHANNELS = ("email", "chat", "phone")
PROMO_CODES = ("SPRING15", "TRAILDAYS", "WELCOME10", "FROST20")
PROMO_PERCENT = (15, 12, 10, 20)
TIERS = ("Explorer", "Ranger", "Summit")
