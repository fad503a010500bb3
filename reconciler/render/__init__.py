"""What people read: plans, problems, states and results in a terminal or a CI log. The only package that imports rich.

Nothing is imported here: rich is slow to load, so each command imports the one module it prints with.

Values become lines (`plan_text`, `status_text`, …), `page.write` puts lines on a console. Words, groups and what may
be shown at all are decided in modules without rich, so that other formats say the same.
"""
