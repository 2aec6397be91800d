from neurolupus.io.hashing import file_sha256, input_sha256


def test_the_hash_of_abc(tmp_path):
    # FIPS 180-2, appendix B.1
    path = tmp_path / "sub-01" / "anat" / "sub-01_T1w.nii"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(path) == digest
    assert input_sha256([path]) == {"sub-01/anat/sub-01_T1w.nii": digest}
