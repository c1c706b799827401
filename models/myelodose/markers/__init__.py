"""The clone as a marker: what FISH and VAF can see, what their course foretells, and when.

`detection` says how small a clone an assay sees, `predictive` what a fall of FISH foretells,
`lead_time` how long a molecular relapse comes before a haematologic one, `retained` what CXCR4
retention does to numbers and fractions. `study` joins them for the notebook. SIMULATED patients.
"""
