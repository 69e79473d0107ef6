#include "testing/lw_test.h"

#include "testing/fakes.h"
#include "testing/simnet.h"

typedef struct side {
    lw_sim *sim;
    lw_sim_node *node;
    unsigned received;
    char text[256];
    lw_time last_at;
    lw_sim_addr last_from;
    lw_time deadline;
    unsigned steps;
} side;

static void receive(void *ctx, lw_time now, lw_sim_addr from, lw_bytes datagram)
{
    side *s = ctx;
    s->last_at = now;
    s->last_from = from;
    uint8_t first = datagram.len > 0 ? datagram.ptr[0] : '-';
    s->text[s->received++ % sizeof s->text] = (char)first;
}

static void step(void *ctx, lw_time now)
{
    side *s = ctx;
    s->steps++;
    s->deadline = now < 30 ? now + 10 : LW_TIME_NEVER;
}

static lw_time next_deadline(void *ctx)
{
    return ((side *)ctx)->deadline;
}

static side a, b;
static lw_sim *sim;

static int setup(void **state)
{
    (void)state;
    sim = lw_sim_new(42);
    a = b = (side){.deadline = LW_TIME_NEVER};
    lw_sim_node_config config = {
        .receive = receive, .step = step, .next_deadline = next_deadline, .ctx = &a};
    a.node = lw_sim_add_node(sim, &config);
    config.ctx = &b;
    b.node = lw_sim_add_node(sim, &config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lw_sim_free(sim);
    return 0;
}

static void send_n(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char c = (char)('a' + i % 26);
        lw_sim_send(sim, a.node, lw_sim_address(b.node), lw_bytes_of(&c, 1));
    }
}

LW_TEST(a_link_is_perfect_unless_told_otherwise)
{
    send_n(3);
    lw_sim_run(sim, LW_TIME_NEVER);
    assert_int_equal(b.received, 3);
    assert_int_equal(b.last_at, 1);
    assert_int_equal(b.last_from, lw_sim_address(a.node));
    assert_int_equal(a.received, 0);
    assert_int_equal(lw_sim_seed(sim), 42);
}

LW_TEST(nodes_step_when_they_asked_to)
{
    a.deadline = 10;
    lw_sim_run(sim, 15);
    assert_int_equal(a.steps, 1);
    assert_int_equal(lw_sim_now(sim), 15);
    lw_sim_run(sim, LW_TIME_NEVER);
    assert_int_equal(a.steps, 3);
    assert_int_equal(lw_sim_now(sim), 30);
}

static unsigned arrivals(lw_sim_link link, unsigned n)
{
    lw_sim_set_link(sim, a.node, b.node, link);
    send_n(n);
    lw_sim_run(sim, LW_TIME_NEVER);
    return b.received;
}

LW_TEST(loss_takes_its_share)
{
    assert_in_range(arrivals((lw_sim_link){.loss_permille = 300}, 10000), 6850, 7150);
}

LW_TEST(duplication_adds_its_share)
{
    assert_in_range(arrivals((lw_sim_link){.duplicate_permille = 100}, 10000), 10900, 11100);
}

LW_TEST(delays_reorder)
{
    arrivals((lw_sim_link){.delay_min_ms = 5, .delay_max_ms = 50, .reorder_permille = 100}, 26);
    assert_memory_not_equal(b.text, "abcdefghijklmnopqrstuvwxyz", 26);
    assert_in_range(b.last_at, 5, 100);
}

static unsigned fates[4];

static void count_fates(void *ctx, const lw_sim_packet *packet)
{
    (void)ctx;
    fates[packet->fate]++;
}

LW_TEST(larger_than_the_mtu_is_lost)
{
    memset(fates, 0, sizeof fates);
    lw_sim_capture(sim, count_fates, NULL);
    lw_sim_set_link(sim, NULL, NULL, (lw_sim_link){.mtu = 2});
    lw_sim_send(sim, a.node, lw_sim_address(b.node), lw_bytes_str("abc"));
    lw_sim_send(sim, a.node, lw_sim_address(b.node), lw_bytes_str("ab"));
    lw_sim_send(sim, a.node, lw_sim_address(b.node), lw_bytes_of(NULL, 0));
    lw_sim_run(sim, LW_TIME_NEVER);
    assert_int_equal(b.received, 2);
    assert_int_equal(fates[LW_SIM_TOO_BIG], 1);
    assert_int_equal(fates[LW_SIM_SENT], 2);
}

LW_TEST(an_old_address_leads_nowhere)
{
    memset(fates, 0, sizeof fates);
    lw_sim_capture(sim, count_fates, NULL);
    lw_sim_addr old = lw_sim_address(b.node);
    lw_sim_send(sim, a.node, old, lw_bytes_str("x"));
    lw_sim_rebind(sim, b.node);
    lw_sim_send(sim, a.node, old, lw_bytes_str("x"));
    lw_sim_send(sim, a.node, lw_sim_address(b.node), lw_bytes_str("y"));
    lw_sim_run(sim, LW_TIME_NEVER);
    assert_int_equal(b.received, 1);
    assert_int_equal(b.text[0], 'y');
    assert_int_equal(fates[LW_SIM_UNROUTABLE], 2);
}

LW_TEST(the_same_seed_gives_the_same_run)
{
    lw_sim_link link = {.loss_permille = 300, .duplicate_permille = 200, .delay_max_ms = 40};
    arrivals(link, 100);
    side first = b;
    teardown(state);
    setup(state);
    arrivals(link, 100);
    assert_int_equal(b.received, first.received);
    assert_memory_equal(b.text, first.text, sizeof b.text);
}

LW_TEST(what_is_under_way_is_freed_with_the_network)
{
    lw_sim_set_link(sim, NULL, NULL, (lw_sim_link){.loss_permille = 1000});
    lw_sim_set_link(sim, a.node, NULL, (lw_sim_link){0});
    send_n(1);
    assert_true(lw_rng_below(lw_sim_rng(sim), 10) < 10);
}

/* ---- fakes ----------------------------------------------------------------------------------- */

LW_TEST(memory_fails_where_it_is_told_to)
{
    lw_fake_mem fake = {.fail_at = 2};
    lw_mem mem = lw_fake_mem_mem(&fake);
    void *first = lw_mem_alloc(&mem, 8);
    assert_non_null(first);
    assert_null(lw_mem_alloc(&mem, 8));
    void *third = lw_mem_alloc(&mem, 0);
    assert_non_null(third);
    fake.fail_at = 1;
    fake.fail_after = true;
    assert_null(lw_mem_alloc(&mem, 8));
    assert_int_equal(fake.live, 2);
    lw_mem_release(&mem, first);
    lw_mem_release(&mem, third);
    assert_int_equal(fake.live, 0);
}

LW_TEST(the_log_keeps_lines_until_it_is_full)
{
    static lw_fake_log fake;
    lw_log log = lw_fake_log_log(&fake);
    lw_log_line(&log, LW_LOG_INFO, "test", lw_bytes_str("one"));
    lw_log_line(&log, LW_LOG_INFO, "test", lw_bytes_of(NULL, 0));
    assert_string_equal(fake.text, "test: one\ntest: \n");
    for (int i = 0; i < 1000; i++) {
        lw_log_line(&log, LW_LOG_INFO, "test", lw_bytes_str("filling"));
    }
    assert_int_equal(fake.lines, 1002);
    assert_true(fake.len < sizeof fake.text);
    assert_false(lw_fake_log_has(&fake, "two"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_link_is_perfect_unless_told_otherwise),
        T(nodes_step_when_they_asked_to),
        T(loss_takes_its_share),
        T(duplication_adds_its_share),
        T(delays_reorder),
        T(larger_than_the_mtu_is_lost),
        T(an_old_address_leads_nowhere),
        T(the_same_seed_gives_the_same_run),
        T(what_is_under_way_is_freed_with_the_network),
        cmocka_unit_test(memory_fails_where_it_is_told_to),
        cmocka_unit_test(the_log_keeps_lines_until_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
