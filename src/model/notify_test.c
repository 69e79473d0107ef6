#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "model/notify.h"

#define BIT(name)  LW_ATTR_BIT(LW_ATTR_##name)
#define S(seconds) ((seconds)*LW_SECOND_MS)

static const lw_attrs no_attrs = {0};

/* lw_watch_sample and lw_watch_begin of a value */
static bool sample(lw_watch *w, const lw_attrs *attrs, lw_value value)
{
    return lw_watch_sample(w, attrs, &value, &lw_attr_decimal_text);
}

static void set_notified(lw_watch *w, lw_value value)
{
    (void)lw_watch_begin(w, &value);
}

/* A change: may it be evaluated now? */
static bool may_evaluate(lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    n->changed = true;
    return lw_notify_evaluates_in(n, attrs, now) <= 0;
}

static bool is_due(const lw_notify *n, const lw_attrs *attrs, lw_time now)
{
    return lw_notify_sends_in(n, attrs, now) <= 0;
}

static lw_time deadline(const lw_notify *n, const lw_attrs *attrs)
{
    lw_time send = lw_notify_sends_in(n, attrs, n->sent);
    lw_time evaluate = lw_notify_evaluates_in(n, attrs, n->sent);
    return lw_time_add(n->sent, send < evaluate ? send : evaluate);
}

/* Does a value that was notified as `last` meet a condition when it becomes `now`? */
static bool met(lw_attrs attrs, double last, double now)
{
    lw_watch w;
    set_notified(&w, lw_value_float(last));
    return sample(&w, &attrs, lw_value_float(now));
}

static bool met_one_way(lw_attrs attrs, double last, double now)
{
    lw_watch w;
    const lw_value value = lw_value_float(now);
    set_notified(&w, lw_value_float(last));
    return lw_watch_sample(&w, &attrs, &value, &lw_attr_decimal_one_way);
}

/* ---- Conditions ---- */

/* Core, the example of "Greater Than" with "Step". */
static void example_gt_45_st_10(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(GT) | BIT(ST), .gt = 45, .st = 10};
    assert_true(met(a, 45, 50));
    assert_true(met(a, 38, 49));
    assert_true(met(a, 48, 42)); /* P-OBS-03: the example says no, the text each time */
    assert_true(met_one_way(a, 45, 50) && met_one_way(a, 38, 49));
    assert_false(met_one_way(a, 48, 42));
}

/* Core, the example of "Less Than", "Greater Than" and "Step". */
static void example_lt_20_gt_85_st_10(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(LT) | BIT(GT) | BIT(ST), .lt = 20, .gt = 85, .st = 10};
    assert_true(met(a, 75, 90));
    assert_true(met(a, 50, 10));
    assert_true(met(a, 87, 99));
    assert_true(met(a, 17, 24)); /* P-OBS-03 */
    assert_true(met_one_way(a, 75, 90) && met_one_way(a, 50, 10) && met_one_way(a, 87, 99));
    assert_false(met_one_way(a, 17, 24));
}

/* ATT-32: "each time it crosses". P-OBS-03: the examples above differ here. */
static void thresholds_are_crossed_in_both_directions(void **state)
{
    (void)state;
    const lw_attrs gt = {.has = BIT(GT), .gt = 45};
    assert_true(met(gt, 45, 45.5));
    assert_true(met(gt, 48, 42));
    assert_true(met(gt, 48, 45));
    assert_false(met(gt, 42, 45));
    assert_false(met(gt, 46, 99));
    assert_false(met(gt, 1, 44));
    const lw_attrs lt = {.has = BIT(LT), .lt = 20};
    assert_true(met(lt, 20, 19));
    assert_true(met(lt, 17, 24));
    assert_true(met(lt, 17, 20));
    assert_false(met(lt, 24, 20));
    assert_false(met(lt, 19, 1));
    assert_false(met(lt, 20, 99));
    const lw_attrs both = {.has = BIT(LT) | BIT(GT), .lt = 20, .gt = 45};
    assert_true(met(both, 10, 50) && met_one_way(both, 10, 50)); /* from one end to the other */
    assert_true(met(both, 50, 10) && met_one_way(both, 50, 10));
    assert_false(met(both, 20, 45));
}

/* ATT-33 */
static void a_step_counts_in_both_directions(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(ST), .st = 10};
    assert_true(met(a, 0, 10));
    assert_true(met(a, 0, -10));
    assert_false(met(a, 0, 9.99));
    assert_false(met(a, 0, -9.99));
    assert_true(met(a, 0, INFINITY));
}

/* P-OBS-04: small steps add up, because the notified value is what counts. */
static void a_step_is_measured_from_the_notified_value(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(ST), .st = 10};
    lw_watch w;
    set_notified(&w, lw_value_float(0));
    assert_false(sample(&w, &a, lw_value_float(4)));
    assert_false(sample(&w, &a, lw_value_float(8)));
    assert_true(sample(&w, &a, lw_value_float(12)));
    set_notified(&w, lw_value_float(12));
    assert_false(sample(&w, &a, lw_value_float(21)));
    assert_true(sample(&w, &a, lw_value_float(22)));
}

/* ATT-31 */
static void a_met_condition_is_not_forgotten_when_the_value_falls_back(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(GT), .gt = 45};
    lw_watch w;
    set_notified(&w, lw_value_float(40));
    assert_true(sample(&w, &a, lw_value_float(50)));
    assert_true(sample(&w, &a, lw_value_float(40)));
    set_notified(&w, lw_value_float(40));
    assert_false(sample(&w, &a, lw_value_float(40)));
}

/* ATT-30, ATT-31 */
static void without_condition_a_value_must_differ_from_the_notified_one(void **state)
{
    (void)state;
    lw_watch w;
    set_notified(&w, lw_value_float(40));
    assert_false(sample(&w, &no_attrs, lw_value_float(40)));
    assert_true(sample(&w, &no_attrs, lw_value_float(41)));
    assert_false(sample(&w, &no_attrs, lw_value_float(40)));
}

/* ATT-35 */
static void edge_sees_rises_or_falls_between_samples(void **state)
{
    (void)state;
    const lw_attrs rising = {.has = BIT(EDGE), .edge = true};
    const lw_attrs falling = {.has = BIT(EDGE), .edge = false};
    lw_watch w;
    set_notified(&w, lw_value_boolean(true));
    assert_false(sample(&w, &rising, lw_value_boolean(true)));
    assert_false(sample(&w, &rising, lw_value_boolean(false)));
    assert_true(sample(&w, &rising, lw_value_boolean(true)));
    assert_true(sample(&w, &rising, lw_value_boolean(false)));
    set_notified(&w, lw_value_boolean(false));
    assert_false(sample(&w, &falling, lw_value_boolean(true)));
    assert_true(sample(&w, &falling, lw_value_boolean(false)));
}

static void conditions_for_another_type_do_not_silence_a_value(void **state)
{
    (void)state;
    const lw_attrs gt = {.has = BIT(GT), .gt = 45};
    lw_watch w;
    set_notified(&w, lw_value_boolean(false));
    assert_false(sample(&w, &gt, lw_value_boolean(false)));
    assert_true(sample(&w, &gt, lw_value_boolean(true)));
    const lw_attrs edge = {.has = BIT(EDGE), .edge = true};
    assert_true(met(edge, 1, 2));
}

static void every_type_that_has_conditions_shows_its_changes(void **state)
{
    (void)state;
    const lw_value pairs[][2] = {
        {lw_value_integer(9007199254740992), lw_value_integer(9007199254740993)},
        {lw_value_unsigned(UINT64_MAX), lw_value_unsigned(UINT64_MAX - 1)},
        {lw_value_time(1), lw_value_time(2)},
        {lw_value_boolean(false), lw_value_boolean(true)},
        {lw_value_none(), lw_value_integer(0)},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        lw_watch w;
        set_notified(&w, pairs[i][0]);
        assert_false(sample(&w, &no_attrs, pairs[i][0]));
        assert_true(sample(&w, &no_attrs, pairs[i][1]));
    }
}

/* ATT-15 */
static void conditions_look_at_numbers_and_booleans(void **state)
{
    (void)state;
    const lw_value number = lw_value_time(7);
    const lw_value boolean = lw_value_boolean(true);
    const lw_value nan = lw_value_float(NAN);
    const lw_value text = lw_value_string("7");
    const lw_value link = lw_value_objlnk(66, 0);
    lw_watch w;
    assert_true(lw_watch_begin(&w, &number));
    assert_int_equal(w.conditions, BIT(GT) | BIT(LT) | BIT(ST));
    assert_true(w.number == 7);
    assert_true(lw_watch_begin(&w, &boolean));
    assert_int_equal(w.conditions, BIT(EDGE));
    assert_false(lw_watch_begin(&w, &nan));
    assert_false(lw_watch_begin(&w, &text));
    assert_false(lw_watch_begin(&w, &link));
}

/* Where doubles are the same, the numbers may not be. */
static void the_largest_numbers_are_told_apart(void **state)
{
    (void)state;
    lw_watch w;
    set_notified(&w, lw_value_integer(INT64_MAX));
    assert_false(sample(&w, &no_attrs, lw_value_integer(INT64_MAX)));
    assert_true(sample(&w, &no_attrs, lw_value_integer(INT64_MAX - 1)));
    set_notified(&w, lw_value_unsigned(UINT64_MAX));
    assert_true(sample(&w, &no_attrs, lw_value_unsigned(UINT64_MAX - 1)));
}

/* ATT-32, with thresholds that the value stands on */
static void a_value_on_a_threshold_is_not_beyond_it(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(GT) | BIT(LT), .gt = 10, .lt = -10};
    assert_false(met(a, 0, 10));
    assert_false(met(a, 10, -10));
    assert_true(met(a, 10, 11));
    assert_true(met(a, 11, 10));
    assert_true(met(a, -11, 11)); /* over both at once */
    assert_true(met_one_way(a, 10, 11));
    assert_false(met_one_way(a, 11, 10));
    assert_true(met_one_way(a, -10, -11));
    assert_false(met_one_way(a, -11, -10));
    assert_true(met_one_way(a, 11, -11));
}

static void a_value_that_comes_or_goes_meets_any_condition(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(GT), .gt = 45};
    assert_true(met(a, 40, NAN));
    assert_true(met(a, NAN, 40));
    assert_false(met(a, NAN, NAN));
    lw_watch w;
    set_notified(&w, lw_value_float(40));
    assert_true(sample(&w, &a, lw_value_none()));
}

/* ---- Timers ---- */

static void without_attributes_a_change_goes_out_at_once(void **state)
{
    (void)state;
    lw_notify n;
    lw_notify_init(&n, S(100));
    assert_false(is_due(&n, &no_attrs, S(100)));
    assert_true(deadline(&n, &no_attrs) == LW_TIME_NEVER);
    assert_true(may_evaluate(&n, &no_attrs, S(100)));
    lw_notify_evaluated(&n, true, S(100));
    assert_true(is_due(&n, &no_attrs, S(100)));
}

/* P-OBS-01: the first answer is a notification. */
static void pmin_runs_from_the_first_answer_and_holds_a_met_condition(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(PMIN), .pmin = 10};
    lw_notify n;
    lw_notify_init(&n, S(100));
    lw_notify_evaluated(&n, true, S(103));
    assert_false(is_due(&n, &a, S(103)));
    assert_true(deadline(&n, &a) == S(110));
    assert_false(is_due(&n, &a, S(110) - 1));
    assert_true(is_due(&n, &a, S(110)));
}

static void a_notification_restarts_both_timers(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(PMIN) | BIT(PMAX), .pmin = 10, .pmax = 60};
    lw_notify n;
    lw_notify_init(&n, S(0));
    assert_true(deadline(&n, &a) == S(60));
    lw_notify_evaluated(&n, true, S(20));
    lw_notify_sent(&n, false, S(20));
    assert_false(is_due(&n, &a, S(79)));
    assert_true(deadline(&n, &a) == S(80));
    lw_notify_evaluated(&n, true, S(21));
    assert_true(deadline(&n, &a) == S(30));
}

static void pmax_notifies_without_a_change(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(PMAX), .pmax = 60};
    lw_notify n;
    lw_notify_init(&n, S(0));
    assert_false(is_due(&n, &a, S(60) - 1));
    assert_true(is_due(&n, &a, S(60)));
}

/* ATT-21, P-OBS-02 */
static void a_pmax_of_zero_or_below_pmin_is_ignored(void **state)
{
    (void)state;
    const lw_attrs zero = {.has = BIT(PMAX), .pmax = 0};
    const lw_attrs below = {.has = BIT(PMIN) | BIT(PMAX), .pmin = 60, .pmax = 59};
    const lw_attrs equal = {.has = BIT(PMIN) | BIT(PMAX), .pmin = 60, .pmax = 60};
    lw_notify n;
    lw_notify_init(&n, S(0));
    assert_true(deadline(&n, &zero) == LW_TIME_NEVER);
    assert_true(deadline(&n, &below) == LW_TIME_NEVER);
    assert_true(deadline(&n, &equal) == S(60));
    lw_notify_evaluated(&n, true, S(1));
    assert_true(deadline(&n, &below) == S(60));
}

/* ATT-31: without a condition, a value that fell back to the notified one is not sent. */
static void a_change_undone_within_pmin_is_dropped(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(PMIN), .pmin = 10};
    lw_notify n;
    lw_watch w;
    lw_notify_init(&n, S(0));
    set_notified(&w, lw_value_float(1));
    lw_notify_evaluated(&n, sample(&w, &a, lw_value_float(2)), S(3));
    assert_true(deadline(&n, &a) == S(10));
    lw_notify_evaluated(&n, sample(&w, &a, lw_value_float(1)), S(10));
    assert_false(is_due(&n, &a, S(10)));
    assert_true(deadline(&n, &a) == LW_TIME_NEVER);
}

/* ATT-36 */
static void epmin_postpones_an_evaluation_that_is_then_owed(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(EPMIN), .epmin = 5};
    lw_notify n;
    lw_notify_init(&n, S(0));
    assert_false(may_evaluate(&n, &a, S(2)));
    assert_true(deadline(&n, &a) == S(5));
    assert_true(may_evaluate(&n, &a, S(5)));
    lw_notify_evaluated(&n, false, S(5));
    assert_true(deadline(&n, &a) == LW_TIME_NEVER);
    assert_false(may_evaluate(&n, &a, S(10) - 1));
}

/* ATT-36 */
static void epmax_asks_for_evaluations(void **state)
{
    (void)state;
    const lw_attrs a = {
        .has = BIT(EPMIN) | BIT(EPMAX) | BIT(PMAX), .epmin = 5, .epmax = 20, .pmax = 50};
    lw_notify n;
    lw_notify_init(&n, S(0));
    assert_true(deadline(&n, &a) == S(20));
    lw_notify_evaluated(&n, false, S(20));
    assert_true(deadline(&n, &a) == S(40));
    lw_notify_evaluated(&n, false, S(40));
    assert_true(deadline(&n, &a) == S(50));
    const lw_attrs ignored = {.has = BIT(EPMIN) | BIT(EPMAX), .epmin = 5, .epmax = 4};
    assert_true(deadline(&n, &ignored) == LW_TIME_NEVER);
}

static void attributes_written_meanwhile_count_at_once(void **state)
{
    (void)state;
    const lw_attrs slow = {.has = BIT(PMIN), .pmin = 1000};
    const lw_attrs fast = {.has = BIT(PMIN), .pmin = 1};
    lw_notify n;
    lw_notify_init(&n, S(0));
    lw_notify_evaluated(&n, true, S(5));
    assert_false(is_due(&n, &slow, S(5)));
    assert_true(is_due(&n, &fast, S(5)));
}

static void the_longest_periods_do_not_overflow(void **state)
{
    (void)state;
    const lw_attrs a = {.has = BIT(PMIN) | BIT(PMAX), .pmin = UINT32_MAX, .pmax = UINT32_MAX};
    lw_notify n;
    lw_notify_init(&n, LW_TIME_NEVER - 5);
    assert_true(deadline(&n, &a) == LW_TIME_NEVER);
    lw_notify_init(&n, 0);
    assert_true(deadline(&n, &a) == 4294967295000);
}

/* ---- Confirmable or not ---- */

/* ATT-37 */
static void con_decides_and_without_it_nothing_is_confirmable(void **state)
{
    (void)state;
    const lw_attrs con = {.has = BIT(CON), .con = true};
    const lw_attrs non = {.has = BIT(CON), .con = false};
    lw_notify n;
    lw_notify_init(&n, 0);
    assert_true(lw_notify_is_confirmable(&n, &con, S(1)));
    assert_false(lw_notify_is_confirmable(&n, &non, S(1)));
    assert_false(lw_notify_is_confirmable(&n, &no_attrs, S(1)));
}

/* P-OBS-13 */
static void one_notification_in_24_hours_is_confirmable(void **state)
{
    (void)state;
    const lw_attrs non = {.has = BIT(CON), .con = false};
    const lw_time day = LW_NOTIFY_CON_INTERVAL_MS;
    lw_notify n;
    lw_notify_init(&n, 0);
    lw_notify_sent(&n, false, day / 2);
    assert_false(lw_notify_is_confirmable(&n, &non, day - 1));
    assert_true(lw_notify_is_confirmable(&n, &non, day));
    lw_notify_sent(&n, true, day);
    assert_false(lw_notify_is_confirmable(&n, &non, day + 1));
    assert_true(lw_notify_is_confirmable(&n, &non, 2 * day));
}

/* ---- Composites ---- */

/* OBS-26, P-OBS-16 */
static void a_composite_takes_the_largest_pmin_and_the_smallest_pmax(void **state)
{
    (void)state;
    const lw_attrs first = {
        .has = BIT(PMIN) | BIT(PMAX) | BIT(EPMAX), .pmin = 5, .pmax = 60, .epmax = 9};
    const lw_attrs second = {
        .has = BIT(PMIN) | BIT(PMAX) | BIT(EPMIN), .pmin = 10, .pmax = 0, .epmin = 2};
    const lw_attrs third = {.has = BIT(PMAX) | BIT(GT), .pmax = 30, .gt = 1};
    lw_attrs whole = {0};
    lw_notify_join(&whole, &first);
    lw_notify_join(&whole, &second);
    lw_notify_join(&whole, &third);
    lw_notify_join(&whole, &no_attrs);
    assert_int_equal(whole.pmin, 10);
    assert_int_equal(whole.pmax, 30);
    assert_int_equal(whole.epmin, 2);
    assert_int_equal(whole.epmax, 9);
}

/* ATT-37: con=1 on any part. */
static void a_composite_is_confirmable_when_one_part_is(void **state)
{
    (void)state;
    const lw_attrs con = {.has = BIT(CON), .con = true};
    const lw_attrs non = {.has = BIT(CON), .con = false};
    lw_attrs whole = {0};
    lw_notify_join(&whole, &no_attrs);
    lw_notify_join(&whole, &non);
    assert_false(whole.con);
    lw_notify_join(&whole, &con);
    lw_notify_join(&whole, &non);
    assert_true(whole.con);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_gt_45_st_10),
        cmocka_unit_test(example_lt_20_gt_85_st_10),
        cmocka_unit_test(thresholds_are_crossed_in_both_directions),
        cmocka_unit_test(a_step_counts_in_both_directions),
        cmocka_unit_test(a_step_is_measured_from_the_notified_value),
        cmocka_unit_test(a_met_condition_is_not_forgotten_when_the_value_falls_back),
        cmocka_unit_test(without_condition_a_value_must_differ_from_the_notified_one),
        cmocka_unit_test(edge_sees_rises_or_falls_between_samples),
        cmocka_unit_test(conditions_for_another_type_do_not_silence_a_value),
        cmocka_unit_test(every_type_that_has_conditions_shows_its_changes),
        cmocka_unit_test(conditions_look_at_numbers_and_booleans),
        cmocka_unit_test(the_largest_numbers_are_told_apart),
        cmocka_unit_test(a_value_on_a_threshold_is_not_beyond_it),
        cmocka_unit_test(a_value_that_comes_or_goes_meets_any_condition),
        cmocka_unit_test(without_attributes_a_change_goes_out_at_once),
        cmocka_unit_test(pmin_runs_from_the_first_answer_and_holds_a_met_condition),
        cmocka_unit_test(a_notification_restarts_both_timers),
        cmocka_unit_test(pmax_notifies_without_a_change),
        cmocka_unit_test(a_pmax_of_zero_or_below_pmin_is_ignored),
        cmocka_unit_test(a_change_undone_within_pmin_is_dropped),
        cmocka_unit_test(epmin_postpones_an_evaluation_that_is_then_owed),
        cmocka_unit_test(epmax_asks_for_evaluations),
        cmocka_unit_test(attributes_written_meanwhile_count_at_once),
        cmocka_unit_test(the_longest_periods_do_not_overflow),
        cmocka_unit_test(con_decides_and_without_it_nothing_is_confirmable),
        cmocka_unit_test(one_notification_in_24_hours_is_confirmable),
        cmocka_unit_test(a_composite_takes_the_largest_pmin_and_the_smallest_pmax),
        cmocka_unit_test(a_composite_is_confirmable_when_one_part_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
