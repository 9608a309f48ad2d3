"""Reading the files that schools bring: every fault with its line and column, all of a file or nothing."""
