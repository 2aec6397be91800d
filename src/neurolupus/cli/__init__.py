"""The command line: talks to people; one file per verb. Heavy libraries are imported by the verbs that need them."""
