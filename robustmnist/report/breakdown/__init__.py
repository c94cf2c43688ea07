"""Where does it break? Maps, the worst of many tries, classes, digits at rising strength."""
