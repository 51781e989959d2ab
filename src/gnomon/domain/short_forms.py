"""Short forms of everyday words in names of tables and columns: `wt` of weight, `cat` of category."""

from collections.abc import Mapping
from types import MappingProxyType

_SURE = """
acct account|addr address|adm admission|agmt agreement|agt agent|amt amount|appt appointment
appl application applicant|asgn assignment|attd attendance|bkg booking|cand candidate
asst assistant|avail available availability|avg average|bal balance|bday birthday|bldg building
capt captain|cat category|catg category|cd code|cert certificate|chan channel|chg charge change
chk check|clm claim|cls class|cnt count|cntry country|coll collection|comm commission|compl completion
cntr container counter contractor|crs course|ctr contractor center counter
cons consumption|contr contract contribution|conv conversion|ctry country|curr currency current
cust customer|decl declared|ded deduction deductible|deliv delivery|depr depreciation|dept department
desc description|dest destination|diag diagnosis|diff difference|discnt discount|dist distance district
div division dividend|dlv delivery|drv driver|dst destination|dt date|dur duration
eff effective efficiency|elev elevation|emp employee|enr enrollment|evt event|equip equipment
fac facility|freq frequency
grp group|hgt height|hosp hospital|hum humidity|ins insurance|insp inspection|instr instructor
inv invoice inventory|lang language|len length|lic licence|lim limit|lrn learner|lse lease|lsn lesson
lvl level|maint maintenance
mbr member|mnt maintenance|msg message|ordr order|pol policy|ptnt patient
manuf manufacturer|mfr manufacturer|mgmt management|mgr manager|mkt market|mtg meeting mortgage
nat nationality|nbr number|nm name|num number|occ occupation occupancy|ofc office|org organization
orig origin original|pax passenger|perf performance|phn phone|pkg package|pmnt payment|pmt payment
prc price|prec precipitation|prem premium|prev previous|prio priority|proj project|purch purchase
pwr power|qlty quality|qtr quarter|qty quantity|rcpt receipt recipient|rcvr receiver|recip recipient
recv received|reg region registration|regn region registration|resp response|retd returned|rtg rating
sal salary|sched schedule|seg segment|sess session|sgmt segment|shpg shipping|spd speed|stf staff
stk stock|stn station
stu student|subj subject|supp supplier|surch surcharge|svc service|sz size|tel phone telephone
tgt target|tkt ticket|tnt tenant|tot total|trans transaction|transp transport|trx transaction
txn transaction|univ university
usr user|util utilization|val value|veh vehicle|vel velocity|vend vendor|vol volume|vst visit
wdth width|wgt weight|whs warehouse|whse warehouse|wk week|wt weight|yr year
"""
_LIKELY = """
acc account accuracy|cap capacity|co company|del delivery|dep deposit departure department
dir director direction
disc discount|doc document doctor|edu education|est estimated established|exp expense expiry experience
ext extension|inc income|ind industry|lat latitude|loc location|lon longitude|mod model|ord order
own owner|pop population|pos position|prod product production|prof profession profit
prov province provider|pub publisher|rec received|ref reference|rep representative|req request
res reservation|ret return|rev revenue|sect section sector|spec specialty|sta station|stat status
std standard|str street|sub subscription|tech technician|temp temperature|typ type
"""


def _entries(text: str) -> Mapping[str, tuple[str, ...]]:
    entries = (e.split() for line in text.strip().splitlines() for e in line.split("|"))
    return MappingProxyType({short: tuple(full) for short, *full in entries})


SURE = _entries(_SURE)
"""Short forms that are no words of their own, each with what it is short for."""

LIKELY = _entries(_LIKELY)
"""The same of those that are words, or short for much else."""
