"""Abbreviations of time zones, as PostgreSQL's tables have them (timezonesets of version 15), and the usual others.

Left out are those that logs write as words: GET, ACT, ART, BOT, CAST, LINT, MIST, MUT, RET, SAT, TOT.
"""

from __future__ import annotations

_BY_OFFSET = {
    "-1100": "NUT SST",
    "-1000": "CKT HAST HST TAHT",
    "-0930": "MART",
    "-0900": "AKST GAMT HADT HDT",
    "-0800": "AKDT PST",
    "-0700": "MST PDT",
    "-0600": "CST GALT MDT HNC",
    "-0500": "CDT COT EASST EAST ECT EST PET HNE HAC",
    "-0430": "VET",
    "-0400": "AMT AST CLT EDT GYT HAE",
    "-0330": "NFT NST",
    "-0300": "ADT ARST BRA BRT CLST FKST FKT GFT PMST PYST PYT ROTT SRT UYT WGT",
    "-0230": "NDT",
    "-0200": "BRST FNT PMDT UYST WGST",
    "-0100": "AZOT CVT EGT FNST",
    "+0000": "AZOST EGST GMT UCT UT UTC WET Z ZULU",
    "+0100": "BST CET MET MEZ WAT WEST WETDST",
    "+0200": "BDST CAT CEST CETDST EET MEST MESZ METDST SAST",
    "+0300": "EAT EEST EETDST FET IDT MSK SYOT VOLT TRT МСК",
    "+0330": "IRDT IRST IRT",
    "+0400": "AMST AZST AZT GEST GST MSD SAMST SAMT SCT",
    "+0430": "AFT",
    "+0500": "AQTST AQTT MAWT MUST MVT ORAT PKT TFT TJT TMT UZT YEKT",
    "+0530": "IST LKT SLST",
    "+0545": "NPT",
    "+0600": "ALMT BDT BTT IOT KGST KGT NOVST NOVT OMSST OMST PKST QYZT UZST VOST XJT YEKST",
    "+0630": "MMT",
    "+0700": "ALMST CXT DAVT HOVT ICT KRAST KRAT WAST WIB",
    "+0800": "AWST BNT BORT CCT CHOST CHOT CIT HKT HOVST IRKST IRKT MYT PHT SGT ULAT WADT WITA WST",
    "+0845": "ACWST CWST",
    "+0900": "AWSST EIT JAYT JST KST PWT TLT ULAST WDT WIT YAKST YAKT",
    "+0930": "ACST",
    "+1000": "AEST CHUT DDUT KDT LIGT MAGST MAGT MPT PGT SAKST SAKT TRUT VLAST VLAT YAPT",
    "+1030": "ACDT ACSST CADT LHST SADT",
    "+1100": "AEDT AESST KOST LHDT NCT SBT SRET VUT",
    "+1200": "ANAST ANAT FJT GILT MHT NRT NZST NZT PETST PETT TVT WAKT WFT",
    "+1245": "CHAST",
    "+1300": "FJST NZDT PHOT TKT WSST",
    "+1345": "CHADT",
    "+1400": "WSDT",
}


def _seconds(offset: str) -> int:
    sign = -1 if offset[0] == "-" else 1
    return sign * (int(offset[1:3]) * 3600 + int(offset[3:5]) * 60)


ABBREVIATIONS = {name: _seconds(offset) for offset, names in _BY_OFFSET.items() for name in names.split()}
"""The offset from UTC, in seconds, of each abbreviation; ambiguous ones as most logs mean them."""

AMBIGUOUS = {
    "AMST": "Asia/Yerevan, America/Manaus", "AMT": "America/Manaus, Asia/Yerevan",
    "AST": "America/Halifax, Asia/Riyadh",
    "BST": "Europe/London, Asia/Dhaka", "CCT": "Asia/Shanghai, Indian/Cocos", "CDT": "America/Chicago, America/Havana",
    "CST": "America/Chicago, Asia/Shanghai", "EST": "America/New_York, Australia/Sydney",
    "GST": "Asia/Dubai, Atlantic/South_Georgia", "IST": "Asia/Kolkata, Europe/Dublin, Asia/Jerusalem",
    "PST": "America/Los_Angeles, Asia/Manila", "SST": "Pacific/Pago_Pago, Asia/Singapore",
    "WST": "Australia/Perth, Pacific/Apia",
}  # fmt: skip
"""The zones that an abbreviation may mean; the one that is taken first."""
