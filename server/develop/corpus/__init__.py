"""What we say of thousands of real Dockerfiles and what safe fixes make of them, and `docs/corpus.md` about it."""
