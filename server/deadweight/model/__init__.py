"""What a Dockerfile means: images, variables, stages, the build context, and the ledger of effects."""
