"""The words of every letter, one file for each school whose policy asks for it."""
