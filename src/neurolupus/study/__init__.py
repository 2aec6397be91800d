"""Study file -> results: one declared analysis, from the flow of patients to the last number of the paper."""
