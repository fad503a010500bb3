"""Who is called and who is not: waves, suppression, keys, other people's jobs and other people's cancellations."""

from __future__ import annotations

from tests.acceptance.workshop import Ran, Workshop, people, phone


def applied(work: Workshop, count: int = 3) -> None:
    """The first `count` people were added."""
    work.people(people(count))
    assert work.apply().code == 0
    work.server.forget()


def statuses(work: Workshop, number: int) -> list[str]:
    """The statuses of a person's jobs, oldest first."""
    return [job.status for job in work.remote.jobs_of(phone(number))]


def done(ran: Ran) -> Ran:
    """Fails when the command did."""
    assert ran.code == 0, ran.text
    return ran


def test_a_new_wave_calls_again_and_takes_back_what_was_still_queued(workshop: Workshop) -> None:
    applied(workshop)
    workshop.remote.set_status(phone(1), "noAnswer")
    workshop.manifest(wave="2")
    done(workshop.apply())
    cancelled = workshop.remote.style.cancelled
    assert [statuses(workshop, n) for n in (1, 2, 3)] == [["noAnswer", "planned"], *[[cancelled, "planned"]] * 2]


def test_a_wave_that_is_reverted_calls_nobody_who_was_called_in_it(workshop: Workshop) -> None:
    applied(workshop, 1)
    workshop.remote.set_status(phone(1), "noAnswer")
    workshop.manifest(wave="2")
    done(workshop.apply())
    workshop.remote.set_status(phone(1), "longCallWithResult")
    workshop.manifest(wave="1")
    done(workshop.apply())
    assert statuses(workshop, 1) == ["noAnswer", "longCallWithResult"]


def test_reverting_a_wave_calls_nobody_the_newer_wave_reached(workshop: Workshop) -> None:
    applied(workshop, 2)
    workshop.manifest(wave="2")
    done(workshop.apply())
    workshop.remote.set_status(phone(1), "longCallWithResult")
    workshop.manifest(wave="1")
    planned = done(workshop.run("plan"))
    assert "1 blocked: called in a newer wave; a wave that is new calls again" in planned.out
    done(workshop.apply())
    cancelled = workshop.remote.style.cancelled
    assert statuses(workshop, 1) == [cancelled, "longCallWithResult"]
    assert statuses(workshop, 2) == [cancelled, cancelled, "planned"]  # the newer wave had not reached this one


def test_a_list_with_a_wave_of_its_own_calls_its_people_again_and_nobody_else(workshop: Workshop) -> None:
    (workshop.folder / "vip.csv").write_text("id,phone\nv-1,16500000077\n")
    lists = workshop.document()["spec"]["phoneLists"]
    vip = {"name": "vip", "source": {"file": "vip.csv"}, "key": {"column": "id"}}
    workshop.manifest(phoneLists=[*lists, vip])
    applied(workshop, 1)
    workshop.remote.set_status(phone(1), "noAnswer")
    workshop.remote.set_status("16500000077", "noAnswer")
    workshop.manifest(phoneLists=[*lists, vip | {"wave": "2"}])
    done(workshop.apply())
    done(workshop.apply())
    assert statuses(workshop, 1) == ["noAnswer"]
    assert [job.status for job in workshop.remote.jobs_of("16500000077")] == ["noAnswer", "planned"]


def test_a_suppressed_person_is_taken_back_and_never_added_again(workshop: Workshop) -> None:
    applied(workshop)
    (workshop.folder / "dnc.txt").write_text("+1 (650) 000-0002\n")
    workshop.manifest(suppress=[{"file": "dnc.txt"}])
    done(workshop.apply())
    done(workshop.apply())
    workshop.manifest(suppress=[{"file": "dnc.txt"}], wave="2")
    done(workshop.apply())
    assert statuses(workshop, 2) == [workshop.remote.style.cancelled]


def test_somebody_suppressed_while_being_called_is_taken_back_as_far_as_it_goes(workshop: Workshop) -> None:
    applied(workshop)
    workshop.remote.set_status(phone(2), "onRetry")
    (workshop.folder / "dnc.txt").write_text(f"{phone(2)}\n")
    workshop.manifest(suppress=[{"file": "dnc.txt"}])
    done(workshop.apply())
    assert statuses(workshop, 2) == [workshop.remote.style.cancelled]


def test_a_row_that_is_removed_after_its_call_and_comes_back_is_not_called_again(workshop: Workshop) -> None:
    applied(workshop)
    workshop.remote.set_status(phone(2), "longCallWithNoResult")
    workshop.people([people(3)[0], people(3)[2]])
    done(workshop.apply())
    workshop.people(people(3))
    done(workshop.apply())
    assert statuses(workshop, 2) == ["longCallWithNoResult"]


def test_a_row_that_is_removed_before_its_call_and_comes_back_is_added_again(workshop: Workshop) -> None:
    applied(workshop)
    workshop.people(people(2))
    done(workshop.apply())
    workshop.people(people(3))
    done(workshop.apply())
    assert statuses(workshop, 3) == [workshop.remote.style.cancelled, "planned"]


def test_what_somebody_else_cancelled_stays_cancelled(workshop: Workshop) -> None:
    applied(workshop)
    workshop.remote.set_status(phone(2), workshop.remote.style.cancelled, attempts=0)
    ran = done(workshop.apply())
    assert "cancelled by somebody else" in ran.out
    workshop.people([(key, number, "Changed") for key, number, _ in people(3)])
    done(workshop.apply())
    assert statuses(workshop, 2) == [workshop.remote.style.cancelled]


def test_what_somebody_else_cancelled_is_added_again_where_the_manifest_says_so(workshop: Workshop) -> None:
    applied(workshop)
    workshop.remote.set_status(phone(2), workshop.remote.style.cancelled, attempts=0)
    workshop.manifest(onExternalCancel="add")
    done(workshop.apply())
    assert statuses(workshop, 2) == [workshop.remote.style.cancelled, "planned"]


def test_a_call_that_was_never_made_when_the_campaign_ended_is_added_again(workshop: Workshop) -> None:
    applied(workshop)
    workshop.remote.set_status(phone(2), "notDone", attempts=0)
    done(workshop.apply())
    assert statuses(workshop, 2) == ["notDone", "planned"]


def test_a_status_nobody_knows_is_never_a_reason_to_call(workshop: Workshop) -> None:
    applied(workshop)
    workshop.remote.set_status(phone(2), "hovering")
    workshop.people([(key, number, "Changed") for key, number, _ in people(3)])
    ran = done(workshop.apply())
    assert "1 blocked" in ran.out
    assert statuses(workshop, 2) == ["hovering"]


def test_a_job_that_is_missing_from_the_report_is_never_a_reason_to_call(workshop: Workshop) -> None:
    applied(workshop)
    (lost,) = workshop.remote.jobs_of(phone(2))
    del workshop.remote.jobs[lost.id]
    for _ in range(2):
        ran = done(workshop.apply())
        assert "missing from the server's report" in ran.out
    assert not workshop.server.mutations


def test_a_changed_key_column_calls_nobody(workshop: Workshop) -> None:
    applied(workshop)
    workshop.people([(f"new-{key}", number, name) for key, number, name in people(3)])
    ran = done(workshop.apply())
    assert "3 adopted" in ran.out
    assert not workshop.server.mutations
    workshop.run("plan")
    assert "Nothing to do" in workshop.run("plan").out


def test_two_people_who_swap_phones_are_each_called_once(workshop: Workshop) -> None:
    applied(workshop)
    first, second, third = people(3)
    workshop.people([(first[0], second[1], first[2]), (second[0], first[1], second[2]), third])
    done(workshop.apply())
    assert set(workshop.remote.ringing.values()) == {1}
    names = {job.phone: job.request["payload"]["first_name"] for job in workshop.remote.jobs.values() if job.is_live}
    assert names == {phone(1): "Name2", phone(2): "Name1", phone(3): "Name3"}


def test_a_number_the_server_refuses_is_set_aside_and_everybody_else_is_added(workshop: Workshop) -> None:
    workshop.remote.refused_phones = frozenset({phone(2), phone(5)})
    workshop.people(people(6))
    ran = done(workshop.apply())
    assert "2 rejected" in ran.out
    assert sorted(job.phone for job in workshop.remote.jobs.values()) == [phone(n) for n in (1, 3, 4, 6)]
    workshop.server.forget()
    assert "2 blocked: rejected by the server" in done(workshop.apply()).out
    assert not workshop.server.mutations


# -- numbers that are not ours


def test_numbers_without_a_lock_are_never_added_to(current: Workshop) -> None:
    current.remote.seed(phone(2), "noAnswer")
    current.people(people(3))
    for arguments in ([], ["--first"]):
        ran = current.apply(*arguments)
        assert ran.code == 1
        assert "campaign import" in ran.err
    assert not current.server.mutations


def test_a_legacy_campaign_without_a_lock_needs_first(legacy: Workshop) -> None:
    legacy.people(people(3))
    ran = legacy.run("apply", "--auto-approve")
    assert ran.code == 1
    assert "--first" in ran.err
    assert not legacy.server.mutations
    assert done(legacy.run("apply", "--auto-approve", "--first")).code == 0
    assert len(legacy.remote.jobs) == 3


def test_somebody_with_a_job_of_others_is_not_called_twice(current: Workshop) -> None:
    applied(current)
    current.remote.seed(phone(4))
    current.people(people(5))
    ran = done(current.apply())
    assert "1 blocked" in ran.out
    assert len(statuses(current, 4)) == 1
    assert len(statuses(current, 5)) == 1


def test_a_lock_that_was_lost_stops_everything(current: Workshop) -> None:
    applied(current)
    current.lockfile.unlink()
    ran = current.apply()
    assert ran.code == 1
    assert "campaign import" in ran.err
    assert not current.server.mutations


def test_an_old_lock_used_by_mistake_calls_nobody_twice(current: Workshop) -> None:
    applied(current)
    old = current.lockfile.read_bytes()
    applied(current, 5)
    current.lockfile.write_bytes(old)
    done(current.apply())
    assert set(current.remote.ringing.values()) == {1}


def test_a_token_that_leads_elsewhere_now_is_refused(current: Workshop) -> None:
    applied(current)
    current.server.campaigns["other-token-x"] = type(current.remote)("other-token-x")
    current.variables["SPRING_TOKEN"] = "other-token-x"
    ran = current.apply()
    assert ran.code == 1
    assert not current.server.mutations


def test_a_renamed_campaign_is_refused_while_the_old_lock_leads_to_the_same_one(current: Workshop) -> None:
    applied(current)
    current.name = "summer"
    current.manifest()
    ran = current.apply()
    assert ran.code == 1
    assert not current.server.mutations
