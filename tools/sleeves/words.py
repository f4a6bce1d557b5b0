"""The people and words of the demo library. All artists and titles are made up.

A scene is a subgenre: its artists, the years it was alive, and the tags that go with it. Tags that scenes of
different genres share ("krautrock", "dream pop", "post-metal") are what lets a walk cross from one to another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    """One subgenre: first and last year of debuts, artists by name, tags in order of how well they fit."""

    name: str
    years: tuple[int, int]
    artists: tuple[str, ...]
    tags: tuple[str, ...]
    titles: tuple[str, ...] = ()  # that belong to this scene alone; used before the genre's


@dataclass(frozen=True, slots=True)
class Genre:
    """One genre: how many albums it has, how many listeners are typical, its scenes, moods, instruments, titles."""

    name: str
    albums: int
    listeners: int
    scenes: tuple[Scene, ...]
    moods: tuple[str, ...]
    instruments: tuple[str, ...]
    titles: tuple[str, ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


def _scene(name: str, first: int, last: int, artists: str, tags: str, titles: str = "") -> Scene:
    return Scene(name, (first, last), _names(artists), _names(tags), _names(titles) if titles else ())


GENRES = (
    Genre(
        "rock",
        42,
        210_000,
        (
            _scene(
                "psychedelic rock",
                1966,
                1974,
                "The Amber Tides | Velvet Semaphore | Ochre Procession",
                "psychedelic | space rock | krautrock | progressive rock | experimental",
            ),
            _scene(
                "desert rock",
                1991,
                2012,
                "Red Basin Choir | Coyote Parallel | Llano Estates",
                "stoner rock | psychedelic | doom | americana | instrumental",
            ),
            _scene(
                "post-rock",
                1996,
                2014,
                "Northern Causeway | We Carried Lanterns | Map of the Interior",
                "instrumental | cinematic | post-metal | ambient | experimental",
            ),
            _scene(
                "folk rock",
                1968,
                2010,
                "Harrow and Pine | The Calloway Letters | Birch County",
                "americana | singer-songwriter | indie folk | country | acoustic",
            ),
            _scene(
                "hard rock",
                1971,
                1992,
                "Iron Lantern | Cassius Road | Brakeman",
                "classic rock | heavy metal | blues rock | garage rock | glam",
            ),
        ),
        _names("driving | nostalgic | epic | warm | restless | rebellious | dusty | hypnotic"),
        _names("electric guitar | bass guitar | drums | hammond organ | slide guitar | vocals"),
        _names(
            "Signals from the Ridge | Long Way to Tucumcari | The Weight of Summer | Copper Sunday | "
            "Salt and Gasoline | Nine Mile Road | Borrowed Thunder | Hold the Horizon | Dust Hymns | "
            "A House on the Plain | Leaving Marlow | Fever Atlas | The River Account | Slow Engines |"
            " Pilot Light | Mirage Season | Burning Acres | Old Weather | Heat Lightning | All Our "
            "Headlights | The Far Side of Noon | Northbound | Wires and Water | Kerosene Choir | Last"
            " House Before the Pass | Tall Grass | The Lighthouse Keeper's Radio | Canyon Standard | "
            "Red Letter Days | Under a Failing Sun | Winter Harvest | Out Past Bell County | The "
            "Ground Remembers | Electric Orchard | Cinder Lane | Ten Thousand Miles of Wire | "
            "Magnetic South | Evening Freight | Stone Ladder | Wide Country | Half a Mile of "
            "Moonlight | The Ferryman's Daughter | Open Range | Smoke Signals at Dawn"
        ),
    ),
    Genre(
        "indie",
        42,
        120_000,
        (
            _scene(
                "dream pop",
                1988,
                2018,
                "Pale Orchard | Soft Harbour | Marlowe in June",
                "ethereal | shoegaze | synthpop | ambient | female vocals",
            ),
            _scene(
                "indie folk",
                1998,
                2020,
                "Hollis Fenn | The Quiet Acre | Juniper and Slate",
                "acoustic | singer-songwriter | folk rock | chamber pop | americana",
            ),
            _scene(
                "shoegaze",
                1989,
                2016,
                "Glasswing Season | Low Violet Sky | Halcyon Static",
                "noise pop | dream pop | post-rock | blackgaze | ethereal",
            ),
            _scene(
                "indie rock",
                1993,
                2017,
                "Second Cartographer | Corner Republic | The Late Ferry",
                "lo-fi | jangle pop | garage rock | post-punk | alternative",
            ),
            _scene(
                "chamber pop",
                1995,
                2021,
                "Ada Lindmark | Paper Conservatory | Saint Aubrey",
                "baroque pop | orchestral | art pop | modern classical | singer-songwriter",
            ),
        ),
        _names("wistful | dreamy | tender | melancholy | hazy | autumnal | bittersweet | hopeful"),
        _names("jangly guitar | acoustic guitar | piano | strings | tape echo | vocals"),
        _names(
            "Rooms for the Weather | Small Botanies | The Swimming Year | Letters to a Lighthouse | "
            "Honey Static | Everyone Asleep but Us | Paper Boats | The Garden Behind | Late Ferry "
            "Home | A Field Guide to Leaving | Marigold | Blue Hour Telephone | The Orchard Keeps Its"
            " Own Time | Postcards from the Interior | Feather Room | Cardigan Weather | Slow Parade "
            "| Kitchen Light | Summer at the Edge of Town | Bright Side of the Curtain | Your "
            "Handwriting | Almost Tuesday | Tidal Bedroom | Low Stakes Heaven | The Year We Learned "
            "to Float | Wild Pears | Good Morning, Estuary | Soft Machinery | Lanterns for the Living"
            " | What the Rain Kept | Daylight Saving | Nightswim Notes | Pollen | An Ordinary Window "
            "| House Plants | Undertow Lullabies | Cloud Inventory | Quiet Neighbours | The Long "
            "Afternoon | Thistledown | Cartwheel | Cherry Pavilion | Halfway to Harbour"
        ),
    ),
    Genre(
        "electronic",
        40,
        150_000,
        (
            _scene(
                "techno",
                1990,
                2019,
                "Kessel Neun | Vanta Grid | Oskar Reinholt",
                "minimal techno | dub techno | industrial | hypnotic | krautrock",
            ),
            _scene(
                "synthwave",
                2009,
                2021,
                "Night Interstate | Laser Boulevard | Chrome Horizon",
                "retrowave | synthpop | soundtrack | 80s | disco",
                "Half-Life of Neon | Sodium Light | Low Orbit City | Terminal Romance | Coastline After Midnight",
            ),
            _scene(
                "idm",
                1993,
                2016,
                "Tessel | Ohm Cartography | Nulltype",
                "glitch | experimental | ambient | minimalism | breakbeat",
            ),
            _scene(
                "house",
                1988,
                2018,
                "Marisol Vega | Deep Arcade | Club Parallax",
                "deep house | disco | dance | jazz-funk | soul",
            ),
            _scene(
                "downtempo",
                1995,
                2017,
                "Indigo Relay | Sable Drift | Mira Kovanen",
                "trip hop | instrumental hip-hop | ambient | nu jazz | chillout",
            ),
        ),
        _names("hypnotic | nocturnal | futuristic | pulsing | cold | euphoric | mechanical | late night"),
        _names("synthesizer | drum machine | sampler | modular synth | sequencer | vocoder"),
        _names(
            "Phase Garden | Carrier Wave | Night Transit | Vector Hymnal | Null Island | Interlock | "
            "Ghost Relay | Dial Tone Sunrise | Parallax View | Substation | Oscillation Study | Grid "
            "Reference | Soft Current | Machine Weather | Afterimage | Binary Summer | Feedback Loop "
            "| Mirror Circuit | Resonant Bodies | Eleven Rooms | Motor Sleep | Synchronous | Glass "
            "Frequency | Autopilot | Zero Crossing | Pulse Width | Midnight Arcology | Concrete "
            "Ballet | Signal to Noise | Strobe Theory | Liquid Crystal | Photon Drive | Tape Delay | "
            "Continental Drift | Delta | Overpass | Neutral Density | Reverb Park"
        ),
    ),
    Genre(
        "pop",
        38,
        420_000,
        (
            _scene(
                "synthpop",
                1980,
                2016,
                "Polar Romance | Neon Parade | The Telegraph Girls",
                "new wave | synthwave | dream pop | electropop | 80s",
            ),
            _scene(
                "dance pop",
                1987,
                2021,
                "Lola Marchetti | Tia Rayne | Solène Dubray",
                "dance | house | r&b | female vocals | party",
            ),
            _scene(
                "electropop",
                2005,
                2022,
                "Ultra Lumen | Hana Seo | Kit Valentine",
                "synthpop | hyperpop | glitch | dance | female vocals",
            ),
            _scene(
                "art pop",
                1979,
                2020,
                "Odette Vance | Marguerite Dune | Ivo and the Weather",
                "chamber pop | baroque pop | experimental | singer-songwriter | trip hop",
            ),
            _scene(
                "disco",
                1975,
                1984,
                "The Mirror Society | Gloria Santoro",
                "funk | soul | dance | jazz-funk | orchestral",
                "Moonlight Discotheque | Mirror Mirror | Weekend Forever | Dancing with the Lights On | Velvet Rope",
            ),
        ),
        _names("euphoric | romantic | playful | glossy | sunny | bittersweet | glamorous | carefree"),
        _names("synthesizer | drum machine | strings | vocals | piano | handclaps"),
        _names(
            "Kiss the Skyline | Heartbeat Hotel | Sugar Season | Ultraviolet | Champagne Weather | "
            "Cherry Satellite | Love in High Definition | Bubble and Bloom | Glitter Season | "
            "Paradise on Hold | Permanent Holiday | Lipstick Sunset | Tell Me in Technicolor | Sweet "
            "Gravity | Call Me Tomorrow | Polaroid Summer | Electric Valentine | Crush Theory | "
            "Starlight Avenue | All the Pretty Echoes | Butterfly Logic | Hot Pink Moon | Diamond Air"
            " | Colour Me Yours | Tangerine | First Date with the Future | Candy Architecture | Body "
            "Language | Boulevard of Summer | Peach Horizon | Fantasia Drive | Twice as Bright | "
            "Supernatural Girl | Swimming Pool Dreams | Rosewater"
        ),
    ),
    Genre(
        "jazz",
        36,
        60_000,
        (
            _scene(
                "hard bop",
                1955,
                1966,
                "Clifton Reyes Quintet | Leroy Hastings | Walter Dunmore Sextet",
                "bebop | blues | soul jazz | swing | jazz rap",
            ),
            _scene(
                "modal jazz",
                1958,
                1972,
                "Amos Bellamy | Nadia Rahimi Trio | Yusef Coleridge Quartet",
                "spiritual jazz | post-bop | meditative | krautrock | minimalism",
            ),
            _scene(
                "cool jazz",
                1953,
                1965,
                "Vincent Laurier | Ruth Ellery Trio | Bay Street Octet",
                "west coast jazz | swing | vocal jazz | chamber jazz | easy listening",
            ),
            _scene(
                "free jazz",
                1961,
                1979,
                "Orrin Thackeray Unit | Ingrid Solheim Ensemble",
                "avant-garde | experimental | improvisation | spiritual jazz | noise",
            ),
            _scene(
                "bossa nova",
                1959,
                1970,
                "Beatriz Amaral | Conjunto Maré Alta",
                "brazilian | latin jazz | samba | easy listening | acoustic",
                "Praia Azul | Canção do Vento | Samba for Two Rivers | Tarde de Domingo | Maré Baixa | "
                "Violão e Vento | A Casa Amarela",
            ),
        ),
        _names("smoky | late night | swinging | cool | meditative | joyful | spontaneous | elegant"),
        _names("tenor saxophone | trumpet | double bass | piano | brushes | vibraphone"),
        _names(
            "Blue Porcelain | Seven Steps Down | After the Last Set | Corner of Ninth | Ballad for "
            "Lorraine | Harlem Sketchbook | The Quiet Side of the Street | Afro-Atlantic Suite | Cool"
            " Water | Out at the Blue Door Café | Minor Adjustments | Rhythm Section | Amber Light | "
            "Blues for the Architect | Walking Lines | Night Studies | Modes and Moods | Red Clay "
            "Road | The New Grammar | Open Changes | Waltz for Adele | Angular Momentum | Midtown "
            "Nocturne | Soul Arithmetic | Spirit Houses | The Second Chorus | Late Show at the Linden"
            " Room | Brass Tacks | Indigo Tuesday | Four in the Morning | Easy Geometry | Uptown "
            "Express | Conversations in Blue | Sunday Changes | Interplay in Green"
        ),
    ),
    Genre(
        "metal",
        34,
        90_000,
        (
            _scene(
                "black metal",
                1991,
                2014,
                "Nattskog | Frostvarde | Gravmåne",
                "atmospheric black metal | blackgaze | raw | folk metal | dark ambient",
                "Vinterens Krone | Under Svart Måne | Crown of Winter | Frozen Oath | "
                "Skogens Grav | The Wolves Keep Vigil",
            ),
            _scene(
                "death metal",
                1988,
                2015,
                "Ossuary Throne | Sepulchral Crown",
                "technical death metal | brutal | progressive metal | grindcore | thrash metal",
            ),
            _scene(
                "doom metal",
                1986,
                2018,
                "Lead Cathedral | Sunless Procession | Monolith of Ash",
                "stoner rock | doom | sludge | psychedelic | drone",
            ),
            _scene(
                "thrash metal",
                1983,
                2009,
                "Warhead Tribunal | Voltage Reaper",
                "speed metal | heavy metal | crossover | hard rock | punk",
            ),
            _scene(
                "post-metal",
                2000,
                2019,
                "Cinder Atlas | Tidal Monument | Hollow Meridian",
                "sludge | post-rock | industrial | cinematic | experimental",
            ),
        ),
        _names("dark | heavy | aggressive | cold | epic | ritual | bleak | intense"),
        _names("distorted guitar | double kick drums | growled vocals | bass guitar | tremolo picking | drums"),
        _names(
            "The Ninth Gate Descends | Ashen Liturgy | Hymns to the Black Sun | Cathedral of Bone | "
            "Beneath the Iron Moon | Throne of Silence | Vultures Over Eden | Sermon in Lead | Rites "
            "of the Hollow | Serpent Meridian | Dead Kings Walking | Eternal Furnace | Requiem for "
            "the Sun | Plague Hymnal | Ruin and Root | Obsidian Prayer | Tomb of the Firmament | "
            "Burial Tide | War Without Dawn | Abyssal Geometry | Iron Psalms | The Weeping Mountain |"
            " Pyre | Oblivion's Architect | Monument to Nothing | Bloodroot | Severed Horizon | Black"
            " Harvest | Voltage and Wrath | Nocturnal Empire | Storm Covenant | Gallows Hill | The "
            "Last Ember"
        ),
    ),
    Genre(
        "hip-hop",
        34,
        260_000,
        (
            _scene(
                "boom bap",
                1988,
                2003,
                "Corner Scholars | Verse Marshall | The Fifth Borough",
                "east coast rap | old school | turntablism | soul | funk",
            ),
            _scene(
                "jazz rap",
                1990,
                2017,
                "Sol Whitaker | Uptown Almanac | Mosaic Griffin",
                "conscious hip-hop | nu jazz | soul jazz | alternative hip-hop | neo soul",
            ),
            _scene(
                "trap",
                2009,
                2022,
                "Young Cassian | Prince Valor | Nova Bleu",
                "southern rap | r&b | electropop | dark | cloud rap",
            ),
            _scene(
                "conscious hip-hop",
                1989,
                2019,
                "Imani Brooks | Freeman Alder",
                "political | spoken word | soul | jazz rap | alternative hip-hop",
            ),
            _scene(
                "instrumental hip-hop",
                1998,
                2020,
                "Dust Archive | Tape Gardener",
                "downtempo | trip hop | lo-fi | nu jazz | chillout",
            ),
        ),
        _names("confident | laid back | gritty | soulful | street | triumphant | introspective | smooth"),
        _names("sampler | turntables | drum machine | bass | rhodes piano | rap vocals"),
        _names(
            "Stoop Philosophy | Concrete Almanac | Crates and Cradles | Gold on the Block | The Block"
            " Speaks | Third Rail Gospel | Brownstone Radio | Corner Store Kings | Dollar Van Diaries"
            " | Every Verse a Window | Crown Heights Sunday | Loose Change | Sidewalk Scripture | The"
            " Mixtape Republic | Vinyl Inheritance | Sunday Dinner | Rooftop Season | Ink and Asphalt"
            " | Hand to the Drum | Late Bus Home | Royalty Rate | Blueprint for Breathing | Mother "
            "Tongue Session | Summer on Fulton | Free the Rhythm | Dirt Road Diamonds | Marble "
            "Notebook | Echo Park Bench | Pocket Full of Metaphors | Big Brother's Records | Chalk "
            "Outline Poets | Low Rider Moon | Break Science | Ten Toes | Midnight Cypher | Southpaw"
        ),
    ),
    Genre(
        "ambient",
        34,
        70_000,
        (
            _scene(
                "drone",
                1982,
                2018,
                "Stillwater Transmission | Hvit Sletta",
                "dark ambient | minimalism | experimental | doom | meditative",
            ),
            _scene(
                "modern classical",
                1992,
                2021,
                "Elin Sørmark | Anton Veresk | Clara Montalbán",
                "piano | neoclassical | chamber pop | cinematic | contemporary classical",
            ),
            _scene(
                "space ambient",
                1976,
                2015,
                "Perihelion Choir | Far Array | Lumen Observatory",
                "berlin school | krautrock | space rock | dub techno | electronic",
            ),
            _scene(
                "minimalism",
                1971,
                2010,
                "Thomas Ekwall | Counterform",
                "contemporary classical | avant-garde | repetitive | spiritual jazz | idm",
            ),
            _scene(
                "environmental music",
                1981,
                2019,
                "Haruka Minase | Field Station North",
                "field recordings | new age | chillout | acoustic | ambient dub",
                "Moss | A Grammar of Stones | Slow Water | Music for Tidal Flats | Rain on Cedar",
            ),
        ),
        _names("calm | spacious | weightless | meditative | contemplative | austere | glacial | luminous"),
        _names("synthesizer | prepared piano | strings | tape loops | field recordings | organ"),
        _names(
            "Studies for an Empty Room | Snowfield | Eleven Horizons | White Architecture | Lichen | "
            "Distant Weather | Interval | Still Life with Static | Aurora Notation | The Unhurried "
            "Hour | Archipelago | Halo | Canon for Eight Windows | Permafrost | Breathing Exercises |"
            " Chapel of Air | Light Through Paper | Northern Rooms | Orbits I–IV | Far Shore | Pale "
            "Geometry | Rain on the Observatory | Sleep Cartography | Variations on a Tide | Winter "
            "Pieces | Glass Meadow | Vespers for Nobody | Sediment | Elevation | Quiet Machines | "
            "Threshold | Opening Field"
        ),
    ),
)
