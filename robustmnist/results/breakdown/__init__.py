"""Where does it break? Maps of two strengths, the worst of many tries."""
