"""How digits lie in files: IDX and NPY."""
