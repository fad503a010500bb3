"""When a number may be called: a policy's hours, a person's time zones, and the minutes that leaves. Pure."""
