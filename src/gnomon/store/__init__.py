"""Keep conversations, answers, results and audit records."""
