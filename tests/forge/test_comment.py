"""One comment on a request: found again, updated in place, never two of it."""

from __future__ import annotations

import threading

import pytest

from reconciler.errors import BodyTooLong, ForgeDenied, ForgeError
from reconciler.forge.comment import Mark, Put, put_comment
from reconciler.forge.http import ForgeHttp
from tests.forge.conftest import NOW_S, Talk
from tests.forge.forges import COMMIT, STRANGER, TOKEN, FakeForge, Fault

MARK = Mark("campaigns", 500)
LATER, EARLIER = Mark("campaigns", 501), Mark("campaigns", 499)
AT = 12


def test_the_first_run_creates_the_comment_under_a_mark_nobody_sees(fake: FakeForge, talk: Talk) -> None:
    assert put_comment(talk.forge, AT, MARK, "the plan") is Put.CREATED
    assert fake.bodies() == ["<!-- campaign-ci:campaigns run:500.1 -->\nthe plan"]


def test_a_later_run_updates_it_in_place(fake: FakeForge, talk: Talk) -> None:
    put_comment(talk.forge, AT, MARK, "old")
    assert put_comment(talk.forge, AT, LATER, "new") is Put.UPDATED
    assert fake.bodies() == [f"{LATER}\nnew"]


def test_a_run_that_says_the_same_again_changes_nothing(fake: FakeForge, talk: Talk) -> None:
    put_comment(talk.forge, AT, MARK, "same")
    fake.log.clear()
    put_comment(talk.forge, AT, MARK, "same")
    assert fake.asked() == []


def test_it_is_found_behind_hundreds_of_others(fake: FakeForge, talk: Talk) -> None:
    for n in range(250):
        fake.add(f"talk {n}", STRANGER)
    put_comment(talk.forge, AT, MARK, "old")
    assert put_comment(talk.forge, AT, LATER, "new") is Put.UPDATED
    assert fake.bodies()[250:] == [f"{LATER}\nnew"]


def test_a_run_slower_than_a_newer_one_leaves_what_that_said(fake: FakeForge, talk: Talk) -> None:
    put_comment(talk.forge, AT, LATER, "newer")
    assert put_comment(talk.forge, AT, EARLIER, "older") is Put.LEFT
    assert fake.bodies() == [f"{LATER}\nnewer"]


def test_a_second_attempt_of_a_run_is_newer_than_its_first(fake: FakeForge, talk: Talk) -> None:
    put_comment(talk.forge, AT, MARK, "first")
    assert put_comment(talk.forge, AT, Mark("campaigns", 500, 2), "second") is Put.UPDATED
    assert put_comment(talk.forge, AT, MARK, "first") is Put.LEFT


def test_jobs_with_different_keys_have_a_comment_each(fake: FakeForge, talk: Talk) -> None:
    put_comment(talk.forge, AT, MARK, "one")
    put_comment(talk.forge, AT, Mark("others", 500), "two")
    assert len(fake.notes) == 2


def test_somebody_elses_comment_with_the_mark_is_not_touched(fake: FakeForge, talk: Talk) -> None:
    forged = fake.add(f"{MARK}\nall is well", STRANGER)
    assert put_comment(talk.forge, AT, LATER, "the plan") is Put.CREATED
    assert forged.body == f"{MARK}\nall is well"


def test_a_person_who_quotes_the_comment_has_not_written_it(github: FakeForge) -> None:
    github.is_bot = False
    talk = Talk(github)
    with talk.http:
        quoted = github.add(f"> {MARK}\n> the plan")
        put_comment(talk.forge, AT, LATER, "new")
    assert quoted.body.startswith("> ")
    assert len(github.notes) == 2


def test_what_gitlab_itself_notes_is_no_comment(fake: FakeForge, talk: Talk) -> None:
    note = fake.add(f"{MARK}\nchanged the description")
    note.is_system = fake.kind == "gitlab"
    put_comment(talk.forge, AT, LATER, "new")
    assert len(fake.notes) == (2 if fake.kind == "gitlab" else 1)


def test_two_runs_at_the_same_moment_leave_one_comment_with_the_newer_text(fake: FakeForge) -> None:
    fake.barrier = threading.Barrier(2)  # both have looked before either creates

    def run(mark: Mark) -> None:
        talk = Talk(fake)
        with talk.http:
            put_comment(talk.forge, AT, mark, f"by {mark.run}")

    threads = [threading.Thread(target=run, args=[mark]) for mark in (MARK, LATER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fake.bodies() == [f"{LATER}\nby 501"]


def test_two_comments_of_an_earlier_accident_become_one(fake: FakeForge, talk: Talk) -> None:
    fake.add(f"{EARLIER}\none")
    fake.add(f"{EARLIER}\ntwo")
    put_comment(talk.forge, AT, MARK, "now")
    assert fake.bodies() == [f"{MARK}\nnow"]


def test_a_creation_whose_answer_is_lost_is_not_made_twice(fake: FakeForge, talk: Talk) -> None:
    fake.fail("POST", Fault(after=True))
    assert put_comment(talk.forge, AT, MARK, "the plan") is Put.CREATED
    assert fake.asked("POST") == ["POST"]
    assert len(fake.notes) == 1


def test_a_creation_that_failed_and_is_not_there_is_an_error(fake: FakeForge, talk: Talk) -> None:
    fake.fail("POST", Fault(500))
    with pytest.raises(ForgeError, match="500"):
        put_comment(talk.forge, AT, MARK, "the plan")
    assert fake.notes == []


def test_a_comment_that_is_deleted_meanwhile_is_made_again(fake: FakeForge, talk: Talk) -> None:
    put_comment(talk.forge, AT, MARK, "old")
    looks = 0
    listed = talk.forge.comments

    class Seen:
        request_of, create = talk.forge.request_of, talk.forge.create
        update, delete = talk.forge.update, talk.forge.delete

        def comments(self, request: int) -> object:
            nonlocal looks
            looks += 1
            if looks == 2:
                fake.notes.clear()
            return listed(request)

    assert put_comment(Seen(), AT, LATER, "new") is Put.CREATED  # type: ignore[arg-type]
    assert fake.bodies() == [f"{LATER}\nnew"]


def test_reads_and_updates_are_asked_again_when_a_gateway_fails(fake: FakeForge, talk: Talk) -> None:
    put_comment(talk.forge, AT, MARK, "old")
    fake.fail("GET", Fault(502, "<html>"), times=2)
    fake.fail("GET", Fault())
    assert put_comment(talk.forge, AT, LATER, "new") is Put.UPDATED
    assert len(talk.waits_s) == 3


def test_an_answer_that_never_comes_is_given_up_after_four_tries(fake: FakeForge, talk: Talk) -> None:
    fake.fail("GET", Fault(), times=4)
    with pytest.raises(ForgeError, match="no answer"):
        put_comment(talk.forge, AT, MARK, "x")
    assert len(fake.asked("GET")) == 4


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_not_is_denied_and_not_asked_again(fake: FakeForge, talk: Talk, status: int) -> None:
    fake.fail("GET", Fault(status, {"message": "Resource not accessible by integration"}))
    with pytest.raises(ForgeDenied, match=f"{status}: Resource not accessible"):
        put_comment(talk.forge, AT, MARK, "x")
    assert talk.waits_s == []


def test_a_token_that_may_only_read_is_denied(fake: FakeForge, talk: Talk) -> None:
    fake.may_write = False
    with pytest.raises(ForgeDenied):
        put_comment(talk.forge, AT, MARK, "x")


def test_a_request_that_is_not_there_is_denied(fake: FakeForge, talk: Talk) -> None:
    fake.knows_request = False
    with pytest.raises(ForgeDenied, match="404"):
        put_comment(talk.forge, AT, MARK, "x")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, {"message": "slow down"}, {"Retry-After": "7"}),
        Fault(403, {"message": "secondary rate limit"}, {"Retry-After": "7"}),
        Fault(403, None, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW_S) + 7)}),
    ],
    ids=["429", "secondary", "primary"],
)
def test_a_rate_limit_is_waited_for_as_long_as_the_forge_says(fake: FakeForge, talk: Talk, fault: Fault) -> None:
    fake.fail("GET", fault)
    assert put_comment(talk.forge, AT, MARK, "x") is Put.CREATED
    assert talk.waits_s == [7]


def test_a_creation_that_met_a_rate_limit_was_not_made_and_is_asked_again(fake: FakeForge, talk: Talk) -> None:
    fake.fail("POST", Fault(429, None, {"Retry-After": "1"}))
    put_comment(talk.forge, AT, MARK, "x")
    assert len(fake.notes) == 1


def test_a_rate_limit_without_a_time_is_waited_for_once_and_for_a_minute(fake: FakeForge, talk: Talk) -> None:
    fake.fail("GET", Fault(429), times=2)
    with pytest.raises(ForgeError, match="too many requests"):
        put_comment(talk.forge, AT, MARK, "x")
    assert talk.waits_s == [60]


def test_a_long_wait_is_not_worth_a_comment(fake: FakeForge, talk: Talk) -> None:
    fake.fail("GET", Fault(429, None, {"Retry-After": "3000"}))
    with pytest.raises(ForgeError, match="come back in 3000 s"):
        put_comment(talk.forge, AT, MARK, "x")
    assert talk.waits_s == []


def test_a_text_that_is_too_long_is_told_from_other_refusals(fake: FakeForge, talk: Talk) -> None:
    with pytest.raises(BodyTooLong):
        put_comment(talk.forge, AT, MARK, "x" * 70_000)
    assert fake.notes == []


def test_the_request_a_commit_came_by_is_the_one_that_was_merged(fake: FakeForge, talk: Talk) -> None:
    assert talk.forge.request_of(COMMIT) == AT


def test_a_commit_that_came_by_no_request_has_none(fake: FakeForge, talk: Talk) -> None:
    fake.knows_request = False
    assert talk.forge.request_of(COMMIT) is None


@pytest.mark.parametrize("said", ["<html>sign in</html>", "", '{"items": []}', '[{"id": "quokka"}]'])
def test_an_answer_that_is_none_of_the_api_is_an_error(fake: FakeForge, talk: Talk, said: str) -> None:
    fake.fail("GET", Fault(200, said))
    with pytest.raises(ForgeError, match=r"^the answer is not what its API gives"):
        put_comment(talk.forge, AT, MARK, "x")


@pytest.mark.parametrize("said", ["[1]", "nothing", '{"message": ["a", 1]}', '{"error": "oops", "errors": ["x"]}'])
def test_an_error_in_whatever_form_is_one_line(fake: FakeForge, talk: Talk, said: str) -> None:
    fake.fail("GET", Fault(418, said))
    with pytest.raises(ForgeError, match=r"^418"):
        put_comment(talk.forge, AT, MARK, "x")


def test_a_token_that_the_forge_quotes_is_masked(fake: FakeForge, talk: Talk) -> None:
    fake.fail("GET", Fault(401, {"message": f"bad token {TOKEN} for https://x.example/{TOKEN}"}))
    with pytest.raises(ForgeDenied) as caught:
        put_comment(talk.forge, AT, MARK, "x")
    assert TOKEN not in str(caught.value)
    assert "https" not in str(caught.value)


def test_a_comment_of_an_account_that_is_gone_is_nobodys(github: FakeForge) -> None:
    talk = Talk(github)
    github.fail("GET", Fault(200, [{"id": 5, "body": f"{MARK}\nx", "user": None}]))
    with talk.http:
        assert [each.is_ours for each in talk.forge.comments(AT)] == [False]


def test_a_proxy_that_cannot_be_one_is_an_error_of_the_comment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "quokka:no-proxy")
    with pytest.raises(ForgeError, match="proxy variable") as caught:
        ForgeHttp("https://forge.example", {}, token=TOKEN)
    assert "quokka" not in str(caught.value)


def test_the_token_is_not_sent_unencrypted_to_another_machine() -> None:
    for address in ("http://forge.example/api/v4", "forge.example", "ftp://forge.example"):
        with pytest.raises(ForgeError, match="not https"):
            ForgeHttp(address, {}, token=TOKEN)
