"""Identifiers with check digits: codes of organisations, patents, software, people, papers.

``check_x(text)`` never raises and needs no network: it cleans what a person typed or pasted (full
width, spaces, prefixes) and says what to do when it can't be right. A good check digit means the
number is well formed, not that it exists.
"""

from yangbanjian.kernel.identifiers.checked import Checked, check_11_2, tidy
from yangbanjian.kernel.identifiers.papers import check_doi
from yangbanjian.kernel.identifiers.patents import (
    check_patent,
    make_patent_number,
    patent_check_digit,
)
from yangbanjian.kernel.identifiers.people import check_orcid
from yangbanjian.kernel.identifiers.software import check_software
from yangbanjian.kernel.identifiers.uscc import check_uscc, make_uscc, uscc_check_digit

__all__ = [
    "Checked",
    "check_11_2",
    "check_doi",
    "check_orcid",
    "check_patent",
    "check_software",
    "check_uscc",
    "make_patent_number",
    "make_uscc",
    "patent_check_digit",
    "tidy",
    "uscc_check_digit",
]
