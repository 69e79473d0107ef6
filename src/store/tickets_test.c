#include "testing/lw_test.h"

#include "store/tickets.h"

LW_TEST(tickets_ascend_whatever_the_haste)
{
    lw_tickets t = {0};
    lw_ticket a = lw_tickets_take(&t, LW_URGENT);
    lw_ticket b = lw_tickets_take(&t, LW_LAZY);
    lw_ticket c = lw_tickets_take(&t, LW_URGENT);
    assert_true(0 < a && a < b && b < c && c <= lw_tickets_newest(&t));
}

LW_TEST(a_good_commit_makes_all_up_to_it_durable)
{
    lw_tickets t = {0};
    lw_ticket a = lw_tickets_take(&t, LW_LAZY);
    lw_ticket b = lw_tickets_take(&t, LW_URGENT);
    lw_ticket c = lw_tickets_take(&t, LW_URGENT);
    assert_int_equal(lw_tickets_fate(&t, a), LW_AGAIN);
    lw_tickets_settle(&t, b, LW_OK);
    assert_ok(lw_tickets_fate(&t, a));
    assert_ok(lw_tickets_fate(&t, b));
    assert_int_equal(lw_tickets_fate(&t, c), LW_AGAIN);
}

LW_TEST(a_bad_commit_refuses_the_urgent_and_leaves_the_lazy_open)
{
    lw_tickets t = {0};
    lw_ticket before = lw_tickets_take(&t, LW_URGENT);
    lw_tickets_settle(&t, before, LW_OK);
    lw_ticket lazy = lw_tickets_take(&t, LW_LAZY);
    lw_ticket urgent = lw_tickets_take(&t, LW_URGENT);
    lw_tickets_settle(&t, lw_tickets_newest(&t), LW_EIO);
    assert_ok(lw_tickets_fate(&t, before));
    assert_int_equal(lw_tickets_fate(&t, lazy), LW_AGAIN);
    assert_err(lw_tickets_fate(&t, urgent), LW_EIO);

    /* Later it works again. */
    lw_ticket after = lw_tickets_take(&t, LW_URGENT);
    lw_tickets_settle(&t, after, LW_OK);
    assert_ok(lw_tickets_fate(&t, lazy));
    assert_ok(lw_tickets_fate(&t, after));
    assert_err(lw_tickets_fate(&t, urgent), LW_EIO);
}

LW_TEST(a_second_failure_of_the_same_lazy_changes_refuses_nothing_new)
{
    lw_tickets t = {0};
    lw_ticket lazy = lw_tickets_take(&t, LW_LAZY);
    lw_tickets_settle(&t, lw_tickets_newest(&t), LW_EIO);
    lw_tickets_settle(&t, lw_tickets_newest(&t), LW_EIO);
    assert_int_equal(t.refusal_count, 1);
    lw_tickets_settle(&t, lazy, LW_OK);
    assert_ok(lw_tickets_fate(&t, lazy));
}

LW_TEST(what_was_refused_long_ago_is_never_called_durable)
{
    lw_tickets t = {0};
    lw_ticket first = lw_tickets_take(&t, LW_URGENT);
    lw_tickets_settle(&t, first, LW_EIO);
    for (unsigned i = 0; i < 2 * LW_REFUSALS_MAX; i++) {
        lw_ticket bad = lw_tickets_take(&t, LW_URGENT);
        lw_tickets_settle(&t, bad, LW_EIO);
        lw_ticket good = lw_tickets_take(&t, LW_URGENT);
        lw_tickets_settle(&t, good, LW_OK);
        assert_err(lw_tickets_fate(&t, first), LW_EIO);
        assert_err(lw_tickets_fate(&t, bad), LW_EIO);
        assert_ok(lw_tickets_fate(&t, good));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tickets_ascend_whatever_the_haste),
        cmocka_unit_test(a_good_commit_makes_all_up_to_it_durable),
        cmocka_unit_test(a_bad_commit_refuses_the_urgent_and_leaves_the_lazy_open),
        cmocka_unit_test(a_second_failure_of_the_same_lazy_changes_refuses_nothing_new),
        cmocka_unit_test(what_was_refused_long_ago_is_never_called_durable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
