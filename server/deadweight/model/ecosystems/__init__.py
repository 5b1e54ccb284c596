"""By language: recognises a project in a build context, reads its manifests and lockfiles."""
