"""How a manifest is laid out: the same tokens and comments, set anew, and the proof that nothing else has changed."""
