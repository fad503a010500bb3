# What a plan may do without another pair of eyes: `campaign plan --format json` is the input, every member of `deny`
# is a reason to stop. The package and the rule are named as conftest and many pipelines expect them.
package main

import rego.v1

limits := data.limits

# `today` may be given as data, for tests and for those who plan for another day.
today := data.today

today := time.weekday(time.now_ns()) if not data.today

planned contains campaign if {
	some campaign in input.campaigns
	campaign.result == "planned"
}

# Nothing is known of a campaign that could not be planned, so nothing is approved either.
deny contains message if {
	some campaign in input.campaigns
	campaign.result == "failed"
	message := sprintf("%s: could not be planned", [campaign.campaign])
}

# Whoever is called on a Friday evening has nobody to complain to before Monday.
deny contains message if {
	today == "Friday"
	new_calls := sum([campaign.counts.add | some campaign in planned])
	new_calls > limits.new_calls_on_friday
	message := sprintf("%d new calls on a Friday, at most %d", [new_calls, limits.new_calls_on_friday])
}

# A list that lost many rows is more often a broken export than a decision.
deny contains message if {
	some campaign in planned
	some guard in campaign.guards
	guard.name == "cancelPercent"
	guard.amount > limits.cancel_percent
	message := sprintf("%s: %d calls cancelled, more than %d%%", [campaign.campaign, guard.affected, limits.cancel_percent])
}

# Somebody else's cancellation may be the person's own wish.
deny contains message if {
	some campaign in planned
	some group in campaign.groups
	group.kind == "add"
	group.reason == "again_after_others"
	message := sprintf("%s: %d calls that somebody else cancelled would be added again", [campaign.campaign, group.count])
}

# The external check keeps people from being called who said no elsewhere.
deny contains message if {
	some campaign in planned
	some setting in campaign.settings
	startswith(setting.path, "policy.externalCheck")
	message := sprintf("%s: %s changes", [campaign.campaign, setting.path])
}

# null means that the campaign's settings on the server decide: not known is not allowed.
deny contains message if {
	some campaign in planned
	campaign.counts.rings > 0
	some week in campaign.windows
	some day in week.days
	day.day in limits.closed_days
	day.is_open != false
	message := sprintf("%s: calls may begin on %s", [campaign.campaign, day.day])
}

deny contains message if {
	some campaign in planned
	"stop" in campaign.moves
	not campaign.labels["may-stop"]
	message := sprintf("%s: would be stopped for good, and has no label may-stop", [campaign.campaign])
}
