"""How people reach Gnomon. Each surface translates in, calls, translates out; none knows another."""
