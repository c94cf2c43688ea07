"""How any page is made: template, style, records, figures; knows no run."""
