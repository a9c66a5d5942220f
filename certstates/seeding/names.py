"""Names of people, as they are shown and as they stand in addresses."""

from __future__ import annotations

from typing import NamedTuple


class Region(NamedTuple):
    """First and last names that occur together.

    After a slash stands how a name is written in addresses, where that is not simply
    in lower case.
    """

    first_names: str
    last_names: str
    family_first: bool = False


REGIONS = [
    Region(
        "Ana Beatriz Carla Duarte Inês/ines José/jose Lourdes Marta Rui Tiago",
        "Araújo/araujo Costa Faria Lima Moura Pinto Reis Silva Simões/simoes Teixeira",
    ),
    Region(
        "Anke Bärbel/baerbel Dieter Jonas Jürgen/juergen Käthe/kaethe Lena Sabine",
        "Brandt Groß/gross Keller Kranz Müller/mueller Schmitz Schäfer/schaefer Vogt",
    ),
    Region(
        "Åsa/asa Astrid Emil Freja Henrik Ingrid Nils Sigrid Søren/soren Torbjorn",
        "Berg Dahl Holm Lind Lund Nygaard Østby/ostby Sand Sjöberg/sjoberg Virtanen",
    ),
    Region(
        "Derek Grace Hannah Imogen Liam Nora Owen Siobhan Trevor Yvonne",
        "Byrne Carter Fletcher Hughes Marsh O'Neill Reed Tate Walsh Whitfield",
    ),
    Region(
        "Amara Chidi Efua Jabari Kwame Nia Sipho Tunde Wanjiru Zanele",
        "Adeyemi Boateng Dlamini Kamau Mensah Mwangi Nkosi Okafor Owusu Sesay",
    ),
    Region(
        "Dora Goran Halina Jiří/jiri Kaja Łukasz/lukasz Milena Pavel Vesna Zuzana",
        "Balint Dvořák/dvorak Horvat Kowal Marek Nagy Novak Petrović/petrovic Szabo",
    ),
    Region(
        "Ananya Arjun Deepa Kiran Meera Nikhil Priya Rohan Sunita Vikram",
        "Banerjee Desai Gupta Iyer Menon Nair Patil Reddy Sharma Sinha",
    ),
    Region(
        "美咲/misaki 蓮/ren 陽菜/hina 健太/kenta 由美/yumi 翔/sho",
        "田中/tanaka 佐藤/sato 高橋/takahashi 森/mori 小林/kobayashi 清水/shimizu",
        family_first=True,
    ),
    Region(
        "Ελένη/eleni Νίκος/nikos Μαρία/maria Πέτρος/petros",
        "Παππάς/pappas Νικολάου/nikolaou Δήμου/dimou",
    ),
    Region(
        "ليلى/layla سامي/sami هدى/huda كريم/karim",
        "ناصر/nasser حداد/haddad منصور/mansour",
    ),
]


class Spelling(NamedTuple):
    displayed: str
    in_address: str


class PersonName(NamedTuple):
    displayed: str
    first: Spelling
    last: Spelling


def spellings(names: str) -> list[Spelling]:
    parts = [name.partition("/") for name in names.split()]
    return [Spelling(name, address or name.lower()) for name, _, address in parts]


def whole_name(region: Region, first: Spelling, last: Spelling) -> PersonName:
    words = (last, first) if region.family_first else (first, last)
    return PersonName(" ".join(word.displayed for word in words), first, last)


NAMES = [
    whole_name(region, first, last)
    for region in REGIONS
    for first in spellings(region.first_names)
    for last in spellings(region.last_names)
]
