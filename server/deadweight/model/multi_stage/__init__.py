"""What a build of two stages would look like: one file an ecosystem reads a stage, and `assembling` makes the plan."""
