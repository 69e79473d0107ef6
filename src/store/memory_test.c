/* What the store in memory has for tests of others: commits that happen when the test says so. */
#include "store/rows_test.h"

#include "store/store.h"

typedef struct told {
    unsigned calls;
    lw_ticket ticket;
    lw_err err;
} told;

static void note_commit(void *ctx, lw_ticket ticket, lw_err err)
{
    told *t = ctx;
    *t = (told){t->calls + 1, ticket, err};
}

static lw_store *held_store(told *t)
{
    lw_store *store = lw_store_memory_new();
    assert_non_null(store);
    store->on_commit = note_commit;
    store->ctx = t;
    lw_store_memory_hold(store);
    return store;
}

static size_t count_devices(lw_store *store)
{
    basket b = {0};
    assert_ok(store->ops->each(store, LW_ROW_DEVICE, basket_take, &b));
    size_t count = b.count;
    basket_empty(&b);
    return count;
}

LW_TEST(a_change_is_told_before_put_returns)
{
    told t = {0};
    lw_store *store = lw_store_memory_new();
    lw_row row = device_row("e", 1);
    lw_ticket ticket = 0;
    store->on_commit = note_commit;
    store->ctx = &t;
    assert_ok(store->ops->put(store, &row, LW_LAZY, &ticket));
    assert_int_equal(t.calls, 1);
    assert_true(t.ticket >= ticket);
    assert_ok(t.err);
    store->ops->close(store);
}

LW_TEST(held_changes_wait_for_the_tests_commit)
{
    told t = {0};
    lw_store *store = held_store(&t);
    lw_row row = device_row("e", 1);
    lw_ticket ticket = 0;
    assert_ok(store->ops->put(store, &row, LW_URGENT, &ticket));
    assert_int_equal(t.calls, 0);
    assert_int_equal(store->ops->health(store).waiting, 1);
    assert_int_equal(count_devices(store), 0);

    lw_store_memory_commit(store, LW_OK);
    assert_int_equal(t.calls, 1);
    assert_true(t.ticket >= ticket);
    assert_ok(store->ops->wait(store, ticket));
    assert_int_equal(count_devices(store), 1);
    store->ops->close(store);
}

LW_TEST(a_failed_commit_refuses_the_urgent_and_keeps_the_lazy)
{
    told t = {0};
    lw_store *store = held_store(&t);
    lw_row lazy = device_row("lazy", 1);
    lw_row urgent = device_row("urgent", 2);
    lw_ticket lazy_ticket = 0, urgent_ticket = 0;
    assert_ok(store->ops->put(store, &lazy, LW_LAZY, &lazy_ticket));
    assert_ok(store->ops->put(store, &urgent, LW_URGENT, &urgent_ticket));
    lw_store_memory_commit(store, LW_EIO);
    assert_err(t.err, LW_EIO);
    assert_true(t.ticket >= urgent_ticket);
    assert_err(store->ops->wait(store, urgent_ticket), LW_EIO);
    assert_err(store->ops->health(store).err, LW_EIO);

    /* Out of order: urgent ones are refused at once, lazy ones are taken. */
    lw_row later = device_row("later", 3);
    assert_err(store->ops->put(store, &urgent, LW_URGENT, NULL), LW_EIO);
    assert_ok(store->ops->put(store, &later, LW_LAZY, NULL));

    lw_store_memory_commit(store, LW_OK);
    assert_ok(t.err);
    assert_ok(store->ops->wait(store, lazy_ticket));
    assert_err(store->ops->wait(store, urgent_ticket), LW_EIO);
    assert_ok(store->ops->health(store).err);
    assert_int_equal(count_devices(store), 2);
    store->ops->close(store);
}

LW_TEST(what_waits_has_a_ceiling)
{
    told t = {0};
    lw_store *store = held_store(&t);
    uint8_t *text = calloc(1, LW_ROW_MAX / 2);
    assert_non_null(text);
    lw_row row = document_row(LW_ROW_SETTING, "k", "");
    row.as.document.text = lw_bytes_of(text, LW_ROW_MAX / 2);
    unsigned taken = 0;
    while (taken < 1000 && store->ops->put(store, &row, LW_LAZY, NULL) == LW_OK) {
        taken++;
    }
    assert_int_equal(taken, LW_STORE_WAITING_MAX / (LW_ROW_MAX / 2) - 1);
    assert_err(store->ops->put(store, &row, LW_URGENT, NULL), LW_ENOMEM);
    lw_store_memory_commit(store, LW_OK);
    assert_ok(store->ops->put(store, &row, LW_LAZY, NULL));
    free(text);
    store->ops->close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_told_before_put_returns),
        cmocka_unit_test(held_changes_wait_for_the_tests_commit),
        cmocka_unit_test(a_failed_commit_refuses_the_urgent_and_keeps_the_lazy),
        cmocka_unit_test(what_waits_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
