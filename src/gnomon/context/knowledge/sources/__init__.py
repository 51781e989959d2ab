"""Where documents come from: a module a kind of export."""
