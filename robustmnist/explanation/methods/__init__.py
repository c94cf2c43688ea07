"""Attribution methods: what each pixel of a digit says for a class."""
