"""The commands of a terminal and of CI."""
