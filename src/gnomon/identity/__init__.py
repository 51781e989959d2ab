"""Who is asking, proven: local users, OIDC and API tokens, Slack requests, workloads (docs/identity.md)."""
