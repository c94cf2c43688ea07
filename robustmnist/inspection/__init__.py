"""Look before measuring: are these the digits, and the networks, that they are taken for?"""
