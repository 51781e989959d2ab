"""What the names of tables and columns cut short, in full.

People ask for customers and quantities; warehouses store `cust` and `qty`. The list holds what is usual in
any business. A company's own shorthand belongs into its annotations.
"""

from collections.abc import Iterable

_IN_FULL = """
acct account
addr address
agg aggregate
amt amount
aov average order value
arr annual recurring revenue
avg average
bldg building
cat category
cnt count
ctr click through rate
ctry country
cust customer
dau daily active users
dept department
desc description
dob date of birth
dt date
emp employee
fname first name
geo geography
inv invoice
kpi key performance indicator
lang language
lat latitude
lname last name
lng longitude
loc location
lon longitude
ltv lifetime value
mau monthly active users
mgr manager
mrr monthly recurring revenue
msg message
nbr number
nps net promoter score
num number
org organization
os operating system
pct percent
pmt payment
prod product
qty quantity
std standard
stg staging
tel telephone
trx transaction
ts timestamp
txn transaction
tz time zone
uid user id
usr user
ver version
vm virtual machine
wau weekly active users
wk week
yr year
"""

IN_FULL = dict(line.split(" ", 1) for line in _IN_FULL.strip().splitlines())
"""Abbreviation to what it stands for, in lower case."""


def in_full(words: Iterable[str]) -> list[str]:
    """What the abbreviations among lower-case words stand for, in their order, each once.

    >>> in_full(["cust", "order", "qty"])
    ['customer', 'quantity']
    """
    return list(dict.fromkeys(IN_FULL[word] for word in words if word in IN_FULL))
