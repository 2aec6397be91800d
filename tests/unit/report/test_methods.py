from neurolupus.report.citations import CITATIONS
from neurolupus.report.methods import MethodsFacts, methods


def test_methods_cite_in_order_and_name_the_threshold():
    paragraph = methods(MethodsFacts("9.9", wmh_thresholds=(0.3,), flair_dim="2D"))
    numbers = [n for s in paragraph.sentences for n in s.numbers]
    assert list(dict.fromkeys(numbers)) == list(range(1, len(paragraph.references) + 1))
    assert paragraph.references[0].key == "inglese2021"
    assert "at least 0.3 made up the mask and its volume; Inglese et al. chose 0.2" in paragraph.plain_text
    assert "2D FLAIR" in paragraph.plain_text
    assert "neurolupus 9.9" in paragraph.plain_text
    assert {c.key for c in paragraph.references} == set(CITATIONS)


def test_methods_say_what_found_the_lesions_what_stands_beside_the_volume_and_what_its_interval_is():
    text = methods(MethodsFacts("9.9")).plain_text
    for words in (
        "found by the 3D U-Net of neurolupus on FLAIR, T1-weighted image and the map of the anatomy",
        "trained on simulated heads and on scans of multiple sclerosis, none of lupus",
        "at least 0.2, as in Inglese et al., made up the mask and its volume",
        "the sum of the probabilities and the volume at the network's operating point",
        "The 95 % interval is where the true volume lies, from the network's errors on simulated heads",
    ):
        assert words in text


def test_of_a_map_of_ones_own_nothing_is_said_that_the_network_did():
    text = methods(MethodsFacts("9.9", wmh_methods={"LST-AI 1.2": 1})).plain_text
    assert "named as in STRIVE-2, were taken from LST-AI 1.2, and not from the network of neurolupus" in text
    assert "no interval is known of it" in text
    assert "a map of the authors' own" in methods(MethodsFacts("9.9", wmh_methods={"own map": 1})).plain_text
    for words in ("U-Net", "operating point", "where the true volume lies"):
        assert words not in text


def test_a_set_of_scans_made_in_several_ways_tells_each_with_its_number():
    made = {"model": 3, "LST-AI 1.2": 1, "own map": 2}
    text = methods(MethodsFacts("9.9", wmh_thresholds=(0.2, 0.3), wmh_methods=made, without_flair=1)).plain_text
    assert "were found in 3 scans by the 3D U-Net" in text
    assert "They were taken from LST-AI 1.2 in 1 scan and a map of the authors' own in 2 scans" in text
    assert "at least 0.2 or 0.3" in text
    assert "1 scan had no FLAIR: lesions were neither measured nor filled." in text
    assert "for the network's maps, the volume at the network's operating point" in text


def test_methods_without_flair_claim_no_lesions():
    paragraph = methods(MethodsFacts("9.9", has_flair=False))
    assert "No FLAIR was available" in paragraph.plain_text
    assert {"mattes2003", "chard2010", "duering2023", "lesjak2018"}.isdisjoint(c.key for c in paragraph.references)
    assert "0.2" not in paragraph.plain_text
    assert "filled lesions" not in paragraph.plain_text


def test_citations_are_dois():
    for citation in CITATIONS.values():
        assert citation.url == f"https://doi.org/{citation.doi}"
        assert citation.doi.startswith("10.")
