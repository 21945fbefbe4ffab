"""The 95 faults that this program must meet, by number: what a person sees, and the tests that show it.

A test is named `file::function`; `::name` alone is one of the file named before it. A fault that no test shows yet says
why in `later`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A fault and the tests that show what happens. `later`: why there is none."""

    number: int
    what: str
    tests: tuple[str, ...] = ()
    later: str = ""


def _fault(number: int, what: str, *tests: str, later: str = "") -> Fault:
    named, file = [], ""
    for test in tests:
        file = test.partition("::")[0] or file
        named.append(f"{file}::{test.partition('::')[2]}")
    return Fault(number, what, tuple(named), later)


_BAD = "test_bad_inputs::test_a_bad_input_is_one_sentence_and_writes_nothing"
_NUMBERS = "test_textfile::test_numbers_that_are_refused"
_HELD = "test_holdings_errors::test_a_bad_file_is_refused_in_one_sentence"
_POLICY = "test_policy_errors::test_a_bad_policy_is_named"
_KILLED = "test_crash::test_a_kill_at_every_step_sends_nothing_twice"

FAULTS: tuple[Fault, ...] = (
    # ---- input files ----
    _fault(1, "a byte order mark is read without remark", "test_textfile::test_encodings"),
    _fault(2, "cp949 from a Korean terminal is detected and shown", "test_textfile::test_encodings",
           "test_holdings::test_korean_headings_in_cp949_with_cash_rows"),
    _fault(3, "an ambiguous number is refused, never guessed", "test_textfile::test_an_unproven_number_is_ambiguous",
           "::test_mixed_styles_are_refused", _NUMBERS),
    _fault(4, "a code that lost its zero is refused with the likely one", _HELD, _BAD),
    _fault(5, "full-width digits, signs and units: a fixed list", "test_textfile::test_numbers_that_are_read",
           _NUMBERS),
    _fault(6, "NaN, inf, 1e5, an empty quantity", _NUMBERS, _BAD),
    _fault(7, "the same code twice", "test_holdings::test_the_same_code_twice_is_merged_with_a_finding"),
    _fault(8, "a missing or renamed column lists found and wanted",
           "test_textfile::test_missing_headings_are_listed_beside_the_wanted_ones"),
    _fault(9, "short rows, stray quotes, NUL, 50 MB", "test_textfile::test_a_broken_table_names_its_line",
           "::test_a_nul_byte_is_refused_with_its_line", "::test_ten_megabytes_and_one_byte_are_refused"),
    _fault(10, "negative or fractional shares for KRX", _HELD, "test_holdings::test_fractions_stay_abroad"),
    _fault(11, "a total row read as a holding", "test_failures::test_a_total_row_is_no_holding"),
    _fault(12, "a file replaced after it was read is another plan",
           "test_failures::test_a_file_that_is_replaced_after_the_reading_is_another_plan"),
    _fault(13, "text that looks like a formula", "test_holdings::test_text_that_looks_like_a_formula_is_text"),
    # ---- policy ----
    _fault(14, "a YAML tag", _POLICY),
    _fault(15, "a key twice", _POLICY),
    _fault(16, "YAML 1.1 traps", "test_policy::test_only_unquoted_codes_that_another_reader_would_change_are_refused"),
    _fault(17, "weights that sum to 0.9999", _POLICY),
    _fault(18, "35 and 0.35 in one file", "test_policy_errors::test_percent_and_share_in_one_file_is_refused"),
    _fault(19, "min above target, a band without its unit", _POLICY),
    _fault(20, "an unknown key names the nearest", _POLICY),
    _fault(21, "an alias bomb", _BAD),
    _fault(22, "a policy edited inside its cooldown", "test_guard_rules::test_real_money_waits_for_the_cooldown"),
    _fault(23, "another policy than the approved one", "test_checks::test_the_approved_policy_is_the_only_one"),
    # ---- prices ----
    _fault(24, "a price of zero, below it, or none",
           "test_failures::test_a_price_that_cannot_be_right_orders_nothing",
           "::test_a_price_that_is_missing_orders_nothing", "test_prices::test_a_price_of_zero_is_no_price"),
    _fault(25, "a stale price", "test_failures::test_a_stale_price_is_refused_with_its_age",
           "test_kis_run::test_a_plan_that_is_too_old_or_whose_price_moved_is_not_carried_out"),
    _fault(26, "a split nobody told", "test_failures::test_a_price_that_cannot_be_right_orders_nothing",
           "test_prices::test_a_jump_beyond_thirty_percent_asks_for_a_corporate_action"),
    _fault(27, "a halted code is left out, the rest goes on",
           "test_kis_scenarios::test_scenario_10_a_halted_code_does_not_leave",
           "::test_scenario_10_the_rest_of_the_plan_goes_on"),
    _fault(28, "one venue", "test_kis_broker::test_a_korean_order_in_the_services_fields",
           "test_kis_scenarios::test_scenario_15_a_wrong_exchange_is_no_price"),
    _fault(29, "yesterday's close before the opening",
           "test_kis_run::test_outside_the_session_a_plan_may_be_read_and_not_carried_out"),
    _fault(30, "a limit off its tick", "test_orders::test_the_tick_is_chosen_by_the_exact_limit",
           "test_kis_broker::test_what_would_certainly_be_refused_does_not_leave"),
    _fault(31, "two sources that differ", "test_failures::test_a_price_that_cannot_be_right_orders_nothing",
           "test_prices::test_two_sources_of_one_day_that_differ_by_more_than_one_percent"),
    # ---- arithmetic ----
    _fault(32, "binary floats", "test_cash_shares::test_no_purchase_comes_nearer_to_a_rule",
           "test_drift::test_one_won_decides_at_the_threshold"),
    _fault(33, "the smallest trade at -1, 0, +1 won", "test_checks::test_the_minimum_trade_is_inclusive"),
    _fault(34, "more sold than held", "test_checks::test_no_order_that_the_account_cannot_bear_gets_through",
           "test_paper::test_it_never_sells_what_is_not_there_nor_spends_what_is_not_there"),
    _fault(35, "costs round up for each order", "test_costs::test_costs_are_rounded_up_to_the_minor_unit"),
    _fault(36, "the sign of a drift", "test_drift::test_document_000_has_the_weights_and_drifts_that_it_prints",
           "::test_a_breach_is_symmetric"),
    _fault(37, "currencies never add up unasked", "test_checks::test_currencies_must_agree",
           "test_drift::test_a_missing_rate_is_told_for_a_target_and_refused_for_a_holding"),
    _fault(38, "an account without value",
           "test_drift::test_a_portfolio_worth_nothing_is_an_error_unless_a_deposit_is_planned"),
    _fault(39, "no cash of margin", "test_kis_scenarios::test_scenario_13_cash_arithmetic",
           "test_kis_broker::test_a_buy_is_sized_by_what_the_service_says_for_its_kind"),
    # ---- calendar and clock ----
    _fault(40, "a holiday that the library lacks",
           "test_kis_scenarios::test_scenario_11_the_brokers_own_day_check_closes_too",
           "::test_scenario_11_a_closed_day_that_only_the_ledger_knows"),
    _fault(41, "a late opening", "test_sessions::test_hours",
           "test_kis_broker::test_orders_are_sent_while_the_exchange_trades"),
    _fault(42, "a computer in another zone", "test_failures::test_the_zone_of_the_computer_changes_nothing",
           "test_kis_token::test_the_earlier_of_both_ends_counts"),
    _fault(43, "daylight saving", "test_sessions::test_new_york_hours_follow_its_daylight_saving",
           "test_kis_broker::test_the_session_is_that_of_the_exchange_that_is_open"),
    _fault(44, "a clock that is wrong", "test_kis_broker::test_a_clock_that_is_wrong_closes_the_exchange"),
    _fault(45, "a laptop that slept", "test_engine::test_a_process_that_slept_before_sending_does_not_send",
           "test_kis_run::test_a_plan_that_is_too_old_or_whose_price_moved_is_not_carried_out"),
    _fault(46, "a job that fires twice", "test_engine::test_the_policy_is_executed_once_in_a_session_unless_again",
           "test_cli_trading::test_two_processes_at_once_carry_it_out_once"),
    _fault(47, "a run that crosses the close",
           "test_failures::test_a_run_that_crosses_the_close_sends_nothing_more_and_is_partial"),
    # ---- the broker ----
    _fault(48, "no answer, not accepted", "test_kis_scenarios::test_scenario_06_timeout_not_accepted"),
    _fault(49, "no answer, accepted", "test_kis_scenarios::test_scenario_05_timeout_after_accept"),
    _fault(50, "accepted late", "test_kis_weather::test_nothing_is_sent_twice_and_nothing_is_lost",
           "test_storm::test_no_schedule_breaks_an_invariant"),
    _fault(51, "a connection that is reset", "test_kis_weather::test_nothing_is_sent_twice_and_nothing_is_lost",
           "test_kis_client::test_an_order_is_sent_once_and_its_answer_says_no_more_than_is_certain"),
    _fault(52, "a page instead of JSON",
           "test_kis_client::test_an_order_is_sent_once_and_its_answer_says_no_more_than_is_certain"),
    _fault(53, "JSON that is cut",
           "test_kis_client::test_an_order_is_sent_once_and_its_answer_says_no_more_than_is_certain",
           "test_kis_weather::test_nothing_is_sent_twice_and_nothing_is_lost"),
    _fault(54, "too many calls", "test_kis_scenarios::test_scenario_04_rate_limit"),
    _fault(55, "a token that dies in a run", "test_kis_scenarios::test_scenario_02_token_expiry_mid_run"),
    _fault(56, "one token a minute", "test_kis_scenarios::test_scenario_03_token_throttle",
           "test_kis_token::test_a_token_is_asked_for_as_the_page_says_and_kept_privately"),
    _fault(57, "an order that no list shows yet",
           "test_kis_scenarios::test_scenario_15_a_mock_order_that_shows_late_is_found",
           "test_engine::test_without_a_documented_bound_it_stays_unknown_and_blocks_the_next_run"),
    _fault(58, "a list cut to a page, or the same page again", "test_kis_scenarios::test_scenario_01_paging",
           "test_kis_client::test_a_list_that_goes_in_circles_is_refused"),
    _fault(59, "holdings listed twice", "test_kis_broker::test_a_code_that_is_listed_twice_is_no_holding_of_both",
           "test_kis_scenarios::test_scenario_14_messy_payloads"),
    _fault(60, "a part filled, then cancelled", "test_kis_scenarios::test_scenario_07_partial_fill_then_cancel"),
    _fault(61, "a refusal is no sale", "test_kis_scenarios::test_scenario_10_rejections",
           "test_engine::test_a_rejected_sell_leaves_less_cash_for_the_buys"),
    _fault(62, "the broker cancels at the close", "test_kis_broker::test_after_the_close_nothing_is_live"),
    _fault(63, "the answer to another request", "test_sending::test_the_number_in_a_reply_is_a_hint_only",
           "test_kis_weather::test_nothing_is_sent_twice_and_nothing_is_lost"),
    _fault(64, "a number used again the next day", "test_journal::test_a_brokers_order_has_one_owner"),
    _fault(65, "a field with an unknown value",
           "test_kis_broker::test_a_row_that_cannot_be_understood_stops_everything"),
    _fault(66, "a false certificate",
           "test_failures::test_a_certificate_that_nobody_signed_is_refused_and_no_byte_of_a_request_leaves",
           "::test_no_setting_turns_the_checking_of_certificates_off"),
    # ---- the process ends ----
    _fault(67, "before the plan is committed", _KILLED),
    _fault(68, "the plan saved, nothing sent", _KILLED, "test_recovery::test_a_run_that_was_cut_off_is_finished_once"),
    _fault(69, "journalled, not sent", _KILLED),
    _fault(70, "sent, no reply read", _KILLED, "test_storm::test_a_crash_at_every_step_breaks_nothing"),
    _fault(71, "reply read, not journalled", _KILLED),
    _fault(72, "between sells and buys", _KILLED),
    _fault(73, "during a cancellation", "test_storm::test_a_crash_at_every_step_breaks_nothing"),
    _fault(74, "the power goes", "test_power::test_a_power_cut_loses_nothing"),
    # ---- several at once ----
    _fault(75, "two dashboards and a command",
           "test_concurrency::test_two_dashboards_and_a_command_that_submit_one_plan_at_once_execute_it_once",
           "::test_who_comes_second_is_told_since_when_which_process_and_which_run"),
    _fault(76, "the same proposal twice", "test_worker::test_two_fast_clicks_are_one_proposal",
           "test_engine::test_the_same_plan_twice_is_executed_once"),
    _fault(77, "an order by telephone meanwhile", "test_engine::test_a_plan_made_from_other_holdings_is_stale",
           "test_recovery::test_an_order_by_hand_explains_shares_and_cash"),
    _fault(78, "a frozen process", "test_concurrency::test_three_processes_of_which_one_freezes_execute_a_plan_once",
           "test_crash::test_nobody_steals_from_a_frozen_process"),
    # ---- the disk ----
    _fault(79, "a full disk", "test_journal::test_a_full_disk_stops_before_anything_is_sent",
           "::test_a_disk_that_fills_up_during_a_run_loses_no_order"),
    _fault(80, "a file that another program holds",
           "test_journal::test_a_file_that_another_program_holds_is_a_storage_error"),
    _fault(81, "a damaged page", "test_journal::test_a_damaged_file_is_a_storage_error"),
    _fault(82, "emptied, or restored from a backup", "test_journal::test_an_emptied_or_deleted_journal_is_noticed",
           "::test_a_journal_restored_from_a_backup_is_noticed"),
    _fault(83, "a network or cloud drive", "test_journal::test_network_drives_are_refused",
           "::test_folders_that_a_cloud_service_copies_are_refused"),
    # ---- secrets ----
    _fault(84, "a key in YAML, a notebook, a log, a traceback, a URL",
           "test_secret_canary::test_a_rehearsal_with_the_log_at_debug_shows_and_writes_no_secret",
           "::test_a_traceback_on_purpose_shows_no_secret",
           "::test_a_notebook_that_shows_everything_it_has_and_fails_verbosely_shows_no_secret"),
    # ---- a language model ----
    _fault(85, "an invented ticker", "test_submitting::test_an_order_that_breaks_a_rule_names_it_and_nothing_is_sent",
           "test_model_plan::test_findings_are_told_to_the_model_and_it_may_correct_itself"),
    _fault(86, "a quantity of a billion, or a text", "test_submitting::test_no_adversarial_proposal_reaches_a_broker",
           "test_proposals::test_what_is_not_a_proposal_is_refused_with_its_place"),
    _fault(87, "it sells what is held back", "test_submitting::test_no_adversarial_proposal_reaches_a_broker"),
    _fault(88, "an instruction inside a name", "test_model_plan::test_text_in_a_name_cannot_widen_the_envelope"),
    _fault(89, "JSON cut or fenced", "test_model_plan::test_findings_are_told_to_the_model_and_it_may_correct_itself",
           "test_proposals::test_any_text_is_read_or_refused_in_a_sentence"),
    _fault(90, "slow, dear or silent", "test_model_plan::test_a_service_that_fails_is_one_sentence_without_the_key",
           "::test_three_refused_answers_stop_the_model"),
    # ---- the desk ----
    _fault(91, "a double click", "test_dashboard_session::test_submit_needs_a_preview_a_tick_and_happens_once",
           "test_worker::test_clicks_in_two_processes_are_one_proposal"),
    _fault(92, "back, refresh", "test_dashboard_browser::test_what_is_typed_survives_a_reload_and_a_tick_does_not"),
    _fault(93, "a stale tab",
           "test_failures::test_the_worker_refuses_a_plan_that_has_moved_and_an_id_that_was_not_typed"),
    _fault(94, "a button that is switched off is clicked over the socket",
           "test_dashboard_app::test_a_switched_off_button_does_nothing"),
    _fault(95, "paper shown, live meant", "test_engine::test_the_mode_has_no_default",
           "test_live_mode::test_real_money_needs_the_word_twice"),
)  # fmt: skip
