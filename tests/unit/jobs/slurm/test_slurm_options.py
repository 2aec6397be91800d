"""Options for sbatch: what is taken, and what is refused with the reason."""

import pytest

from neurolupus.errors import UsageError
from neurolupus.jobs.slurm.options import checked_options


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("--partition=long", ("--partition=long",)),
        ("--partition long --account lupus", ("--partition=long", "--account=lupus")),
        ("-plong -A lupus", ("--partition=long", "--account=lupus")),
        ("--mail_type=END", ("--mail-type=END",)),
        ("--comment='two words; $(rm) `x`'", ("--comment=two words; $(rm) `x`",)),
        ("--exclusive --nice=100", ("--exclusive", "--nice=100")),
    ],
)
def test_options_become_words_and_no_shell_sees_them(text: str, words: tuple[str, ...]):
    assert checked_options(text) == words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("--wrap='rm -rf /'", "--wrap cannot be given here"),
        ("--export=ALL", "--export cannot be given here"),
        ("other.sh", "other.sh cannot be given here"),
        ("--partion=long", "Did you mean --partition?"),
        ("--mem=4G", "--mem is set by neurolupus: use --mem-gb"),
        ("--time 1:00", "--time is set by neurolupus: use --minutes"),
        ("--array=1-3", "use --nprocs"),
        ("--partition", "--partition needs a value"),
        ("--partition= --account=x", "--partition needs a value"),
        ("--hold=yes", "--hold takes no value"),
        ("--account='a\nb'", "cannot be printed"),
        ("--account='open", "Close every quote"),
    ],
)
def test_what_cannot_be_used_is_refused(text: str, told: str):
    with pytest.raises(UsageError) as error:
        checked_options(text)
    assert told in str(error.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(UsageError) as error:
        checked_options("--wrap=x --mem=3 --partition=long")
    assert str(error.value).startswith("--slurm-options has 2 faults.")
    assert "partition" not in str(error.value).splitlines()[2]
