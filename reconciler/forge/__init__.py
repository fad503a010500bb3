"""GitHub and GitLab: what a pipeline's variables say, and one comment on a pull or merge request, kept up to date."""
