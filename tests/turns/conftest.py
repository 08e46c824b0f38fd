"""The turns that tell most of a store run on each of them."""

import pytest

from tests.support import house

ON_EVERY_STORE = {
    "test_a_line_is_answered",
    "test_the_same_event_ten_times_makes_one_message_and_one_turn",
    "test_lines_sent_while_a_turn_runs_are_answered_together_in_the_next",
    "test_a_slow_bot_holds_up_only_its_own_conversation",
    "test_slots_last_from_turn_to_turn",
    "test_opening_the_chat_lets_the_bot_speak_first_and_only_once",
    "test_a_customer_back_after_a_restart_finds_the_conversation",
    "test_a_bots_wish_for_a_person_becomes_a_waiting_case",
    "test_positions_follow_priority_and_age_and_move_up",
    "test_agent_and_customer_talk_and_the_bot_keeps_quiet",
    "test_a_message_an_agent_sends_twice_is_said_once",
    "test_two_agents_accept_and_one_wins",
    "test_a_late_bot_reply_is_traced_and_never_sent",
    "test_a_note_or_a_page_turn_does_not_void_a_running_turn",
    "test_the_next_handoff_works_like_the_first",
    "test_an_offer_nobody_takes_expires_and_the_bot_goes_on",
    "test_a_reply_reaches_the_platform_and_its_status_only_moves_forward",
    "test_a_later_message_waits_for_an_earlier_one_that_is_tried_again",
    "test_what_waits_to_be_sent_when_the_process_ends_is_sent_by_the_next",
    "test_an_agent_who_accepts_withdraws_what_the_bot_has_not_sent",
    "test_a_late_answer_is_taken_once_and_only_with_its_own_ticket",
    "test_lines_sent_while_a_late_bot_thinks_wait_for_its_answer",
    "test_what_is_owed_outlives_the_process",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.function.__name__ in ON_EVERY_STORE:
        metafunc.fixturenames.append("kept_in")
        metafunc.parametrize("kept_in", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def kept_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "kept_in", request.param)
