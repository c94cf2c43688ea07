"""The machine: devices, files, processes, what is installed; nothing of digits."""
